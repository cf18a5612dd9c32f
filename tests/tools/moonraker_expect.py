#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a correct client must report for each recording in tests/data/moonraker, worked out from the frames alone.

Usage: moonraker_expect.py RECORDINGS_FOLDER > tests/data/link/moonraker-expected.json
"""
import glob
import json
import os
import sys

DEEDS = {"printer.gcode.script", "printer.print.start", "printer.print.pause", "printer.print.cancel"}


def merge(world, status):
    for name, fields in status.items():
        world.setdefault(name, {}).update(fields)


def sample(world):
    pick = lambda name, field: world.get(name, {}).get(field)
    return {
        "file": pick("print_stats", "filename") or "",
        "printState": pick("print_stats", "state") or "",
        "filePosition": pick("virtual_sdcard", "file_position"),
        "fileSize": pick("virtual_sdcard", "file_size"),
        "livePosition": pick("motion_report", "live_position"),
        "toolheadPosition": pick("toolhead", "position"),
        "homedAxes": pick("toolhead", "homed_axes") or "",
        "nozzleTarget": pick("extruder", "target"),
        "nozzle": pick("extruder", "temperature"),
        "bedTarget": pick("heater_bed", "target"),
        "fan": pick("fan", "speed"),
        "speedFactor": pick("gcode_move", "speed_factor"),
        "absoluteExtrude": pick("gcode_move", "absolute_extrude"),
    }


class Client:
    """A client that believes an "ok" only while the host is ready, and ends scripts when the host goes."""

    def __init__(self):
        self.out = dict(hosts=[], consoleLines=0, consoleErrors=0, scripts=[], jobs=[], files=[], variableUpdates=0,
                        samples=[], answers=[])
        self.world, self.methods, self.params, self.pending, self.real = {}, {}, {}, {}, "ready"
        self.seen = self.saved = None

    def host(self, state):
        if state != self.seen:
            self.out["hosts"].append(state)
            self.seen = state

    def end(self, code):
        for ident, entry in list(self.pending.items()):
            entry["outcome"] = code
            del self.pending[ident]

    def variables(self, status):
        if "variables" in status.get("save_variables", {}):
            self.out["variableUpdates"] += 1
            self.out["lastVariables"] = self.saved = status["save_variables"]["variables"]

    def fresh(self, status):
        if self.world:
            self.remember()
        self.world = {}
        merge(self.world, status)
        self.variables(status)

    def remember(self):
        if self.world:
            self.out["samples"].append(sample(self.world))

    def request(self, frame):
        method, ident, params = frame["method"], frame.get("id"), frame.get("params", {})
        self.methods[ident], self.params[ident] = method, params
        if method in DEEDS:
            entry = dict(what=params.get("script") or method, outcome=None)
            self.out["scripts"].append(entry)
            self.pending[ident] = entry

    def answer(self, frame, ahead):
        ident = frame["id"]
        method = self.methods.get(ident)
        entry = self.pending.pop(ident, None)
        if entry is not None:
            if "result" in frame:
                entry["outcome"] = "ok" if self.real == "ready" else "ok, host " + self.real
                if self.real != "ready":
                    self.host(self.real)
            else:
                code, text = frame["error"]["code"], frame["error"]["message"]
                entry["outcome"] = "disconnected" if text == "Klippy Disconnected" else \
                    "not ready" if code == 503 or self.seen in ("shutdown", "error") else "refused"
                entry["words"] = text
        self.told(method, ident, frame)
        if "result" not in frame:
            return
        if method == "printer.objects.subscribe":
            if not self.world:
                self.fresh(frame["result"]["status"])
        elif method in ("printer.info", "server.info"):
            state = frame["result"].get("klippy_state") or frame["result"].get("state")
            self.real = state
            self.host(state)
            if state == "error":
                self.saved = None
            if state in ("shutdown", "error") and frame["result"].get("state_message"):
                self.out["lastTrouble"] = frame["result"]["state_message"]

    def told(self, method, ident, frame):
        """What a question of the recording's client was answered, in short."""
        result = frame.get("result")
        if method == "server.history.list":
            told = [[job["job_id"], job["status"], job["exists"]] for job in result["jobs"]]
        elif method == "server.files.metadata":
            told = [result["filename"], result["uuid"], result["size"], result["estimated_time"]]
        elif method == "server.files.list":
            told = [[file["path"], file["size"]] for file in result]
        elif method == "server.files.get_directory":
            told = [[self.params[ident]["path"].partition("/")[2], file["filename"], file["size"]]
                    for file in result["files"]]
            told = [["/".join(part for part in file[:2] if part), file[2]] for file in told]
        elif method == "server.gcode_store":
            told = [[line["type"], line["message"]] for line in result["gcode_store"]]
        elif method == "printer.objects.query" and "save_variables" in self.params[ident]["objects"]:
            if result is None:
                told = "not ready"
            elif "variables" in result["status"]["save_variables"]:
                told = sorted(result["status"]["save_variables"]["variables"])
            else:
                told = "not ready"
        else:
            return
        self.out["answers"].append([method, told])

    def notice(self, frame, ahead):
        method, params = frame["method"], frame.get("params", [])
        if method == "notify_status_update":
            merge(self.world, params[0])
            self.variables(params[0])
            hooks = params[0].get("webhooks", {})
            if "state" in hooks and hooks["state"] != "ready":
                self.real = hooks["state"]
                self.host(hooks["state"])
                self.out["lastTrouble"] = hooks["state_message"]
                self.end("ok, host " + self.real)
        elif method == "notify_gcode_response":
            self.out["consoleLines"] += 1
            self.out["consoleErrors"] += params[0].startswith("!!")
            if params[0] == "// Klipper state: Shutdown":
                self.real = "shutdown"
        elif method == "notify_klippy_shutdown":
            self.real = "shutdown"
            self.host("shutdown")
            self.end("ok, host shutdown")
        elif method == "notify_klippy_disconnected":
            self.real = "disconnected"
            self.remember()
            self.world = {}
            self.host("disconnected")
            self.end("disconnected")
        elif method == "notify_klippy_ready":
            self.real = "ready"
            self.host("ready")
            status = next_subscription(ahead)
            if status is None:  # never asked again: as at first, but for what it has saved
                status = {name: dict(fields) for name, fields in self.last_subscription.items() if name != "save_variables"}
                if self.saved is not None:
                    status["save_variables"] = {"variables": self.saved}
            self.world = {}
            self.fresh(status)
        elif method == "notify_filelist_changed":
            item = params[0]["item"]
            self.out["files"].append([params[0]["action"], item["root"], item["path"], item.get("size", 0),
                                      params[0].get("source_item", {}).get("path", "")])
        elif method == "notify_history_changed":
            job = params[0]["job"]
            self.out["jobs"].append([job["job_id"], job["filename"], job["status"], job["exists"]])


def next_subscription(events):
    asked = set()
    for event in events:
        frame = event.get("frame", {})
        if event["dir"] == "note" and event["text"].startswith("websocket closed"):
            return None
        if frame.get("method") == "printer.objects.subscribe":
            asked.add(frame["id"])
        if event["dir"] == "s2c" and frame.get("id") in asked and "result" in frame:
            return frame["result"]["status"]
    return None


def expectation(path):
    events = [json.loads(line) for line in open(path, encoding="utf-8")]
    events = [e for e in events if e["dir"] in ("c2s", "s2c", "note")]
    client = Client()
    for index, event in enumerate(events):
        ahead = events[index + 1:]
        frame = event.get("frame", {})
        if event["dir"] == "note":
            if event["text"].startswith("open ws") and not client.world:
                first = next_subscription(ahead)
                states = [e["frame"]["result"]["klippy_state"] for e in ahead[:12]
                          if e["dir"] == "s2c" and "klippy_state" in (e["frame"].get("result") or {})]
                if client.seen is None or client.seen == "unknown":
                    if states and states[0] != "ready":
                        client.host(states[0])
                    elif first is not None:
                        client.fresh(first)
                        client.last_subscription = first
                        client.host(first.get("webhooks", {}).get("state", "ready"))
            if event["text"].startswith("websocket closed") and ahead:
                client.remember()
                client.world = {}
                client.host("unknown")
                client.end("disconnected")
                client.methods = {}
        elif event["dir"] == "c2s":
            client.request(frame)
        elif "method" in frame:
            client.notice(frame, ahead)
        else:
            client.answer(frame, ahead)
    client.remember()
    return client.out


def main():
    table = {}
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.jsonl"))):
        name = os.path.basename(path)
        if name[:2] in ("12", "13", "14", "18"):  # 12 is about logging in, the others are not Moonraker
            continue
        table[name] = expectation(path)
    json.dump(table, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
