<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>ErrorText</name>
    <message>
        <source>The file</source>
        <translation>Die Datei</translation>
    </message>
    <message>
        <source>The file "%1"</source>
        <translation>Die Datei „%1“</translation>
    </message>
    <message>
        <source>%1 does not exist.</source>
        <translation>%1 gibt es nicht.</translation>
    </message>
    <message>
        <source>%1 cannot be read.</source>
        <translation>%1 kann nicht gelesen werden.</translation>
    </message>
    <message>
        <source>%1 has changed since it was first read.</source>
        <translation>%1 wurde seit dem ersten Lesen geändert.</translation>
    </message>
    <message>
        <source>%1 is shorter than expected.</source>
        <translation>%1 ist kürzer als erwartet.</translation>
    </message>
    <message>
        <source>%1 exists already.</source>
        <translation>%1 gibt es schon.</translation>
    </message>
    <message>
        <source>%1 does not contain G-code text.</source>
        <translation>%1 enthält keinen G-Code-Text.</translation>
    </message>
    <message>
        <source>%1 cannot be written.</source>
        <translation>%1 kann nicht geschrieben werden.</translation>
    </message>
    <message>
        <source>The disk is full.</source>
        <translation>Der Datenträger ist voll.</translation>
    </message>
    <message>
        <source>The printer refused the request.</source>
        <translation>Der Drucker hat die Anfrage abgelehnt.</translation>
    </message>
    <message>
        <source>The printer refused the request: %1</source>
        <translation>Der Drucker hat die Anfrage abgelehnt: %1</translation>
    </message>
    <message>
        <source>This is not a printer address.</source>
        <translation>Das ist keine Druckeradresse.</translation>
    </message>
    <message>
        <source>The printer cannot be reached.</source>
        <translation>Der Drucker ist nicht erreichbar.</translation>
    </message>
    <message>
        <source>The printer did not answer in time.</source>
        <translation>Der Drucker hat nicht rechtzeitig geantwortet.</translation>
    </message>
    <message>
        <source>The connection to the printer was lost.</source>
        <translation>Die Verbindung zum Drucker ist abgerissen.</translation>
    </message>
    <message>
        <source>The printer does not accept the credentials.</source>
        <translation>Der Drucker nimmt die Zugangsdaten nicht an.</translation>
    </message>
    <message>
        <source>The printer's answer makes no sense.</source>
        <translation>Die Antwort des Druckers ergibt keinen Sinn.</translation>
    </message>
    <message>
        <source>The printer's Klipper host is not ready.</source>
        <translation>Der Klipper-Rechner des Druckers ist nicht bereit.</translation>
    </message>
    <message>
        <source>The printer is busy.</source>
        <translation>Der Drucker ist beschäftigt.</translation>
    </message>
    <message>
        <source>The work was cancelled.</source>
        <translation>Die Arbeit wurde abgebrochen.</translation>
    </message>
    <message>
        <source>This place lies outside the file.</source>
        <translation>Diese Stelle liegt außerhalb der Datei.</translation>
    </message>
    <message>
        <source>Nothing has been printed yet at this place.</source>
        <translation>An dieser Stelle ist noch nichts gedruckt.</translation>
    </message>
    <message>
        <source>Nothing is left to print after this place.</source>
        <translation>Nach dieser Stelle bleibt nichts mehr zu drucken.</translation>
    </message>
    <message>
        <source>A part of the printer's state is not known, and the print cannot go on without it.</source>
        <translation>Ein Teil des Druckerzustands ist unbekannt, und ohne ihn kann der Druck nicht weitergehen.</translation>
    </message>
    <message>
        <source>This is not supported.</source>
        <translation>Das wird nicht unterstützt.</translation>
    </message>
    <message>
        <source>This would not be safe.</source>
        <translation>Das wäre nicht sicher.</translation>
    </message>
    <message>
        <source>The checks before the start found something that must be settled first.</source>
        <translation>Die Prüfungen vor dem Start haben etwas gefunden, das erst geklärt werden muss.</translation>
    </message>
    <message>
        <source>A value is wrong.</source>
        <translation>Ein Wert ist falsch.</translation>
    </message>
    <message>
        <source>The text ends in the middle.</source>
        <translation>Der Text endet mittendrin.</translation>
    </message>
    <message>
        <source>The history cannot be opened or written.</source>
        <translation>Die Aufzeichnung kann nicht geöffnet oder geschrieben werden.</translation>
    </message>
    <message>
        <source>The history file is damaged.</source>
        <translation>Die Datei der Aufzeichnung ist beschädigt.</translation>
    </message>
    <message>
        <source>The history file was damaged. It was kept as "%1" and a new one was begun.</source>
        <translation>Die Datei der Aufzeichnung war beschädigt. Sie wurde als „%1“ aufgehoben und eine neue begonnen.</translation>
    </message>
    <message>
        <source>The history was written by a newer version of this program.</source>
        <translation>Die Aufzeichnung stammt von einer neueren Version dieses Programms.</translation>
    </message>
    <message>
        <source>The command was not understood.</source>
        <translation>Der Befehl wurde nicht verstanden.</translation>
    </message>
    <message>
        <source>Start it again when you want it.</source>
        <translation>Bei Bedarf neu starten.</translation>
    </message>
    <message>
        <source>Check the name and that the disk or printer that holds it is there.</source>
        <translation>Den Namen prüfen und ob der Datenträger oder Drucker da ist, auf dem sie liegt.</translation>
    </message>
    <message>
        <source>Check the permissions of the file and its folder.</source>
        <translation>Die Rechte der Datei und ihres Ordners prüfen.</translation>
    </message>
    <message>
        <source>Open it again and choose the place anew; nothing was written.</source>
        <translation>Die Datei neu öffnen und die Stelle neu wählen; geschrieben wurde nichts.</translation>
    </message>
    <message>
        <source>Compare its size with the file that was printed; it may have been cut.</source>
        <translation>Die Größe mit der gedruckten Datei vergleichen; vielleicht wurde sie gekürzt.</translation>
    </message>
    <message>
        <source>Choose another name; files are never replaced.</source>
        <translation>Einen anderen Namen wählen; Dateien werden nie ersetzt.</translation>
    </message>
    <message>
        <source>Free some space, then do it again; only what is being recorded waits in memory and is written by itself.</source>
        <translation>Platz schaffen und es dann wiederholen; nur was aufgezeichnet wird, wartet im Speicher und wird von selbst geschrieben.</translation>
    </message>
    <message>
        <source>Check the permissions of the folder and choose another place.</source>
        <translation>Die Rechte des Ordners prüfen und einen anderen Ort wählen.</translation>
    </message>
    <message>
        <source>Choose a byte, line, layer or height inside the file.</source>
        <translation>Ein Byte, eine Zeile, Schicht oder Höhe innerhalb der Datei wählen.</translation>
    </message>
    <message>
        <source>Choose a later place, or print the file from its start.</source>
        <translation>Eine spätere Stelle wählen oder die Datei von vorn drucken.</translation>
    </message>
    <message>
        <source>Choose an earlier place; the part may be complete.</source>
        <translation>Eine frühere Stelle wählen; vielleicht ist das Teil schon fertig.</translation>
    </message>
    <message>
        <source>Enter the missing value with a reason, or choose another place.</source>
        <translation>Den fehlenden Wert mit einer Begründung eintragen oder eine andere Stelle wählen.</translation>
    </message>
    <message>
        <source>Use another way or another printer connection for this.</source>
        <translation>Einen anderen Weg oder eine andere Druckerverbindung benutzen.</translation>
    </message>
    <message>
        <source>Change what the message names; there is no way around this check.</source>
        <translation>Ändern, was die Meldung nennt; diese Prüfung lässt sich nicht umgehen.</translation>
    </message>
    <message>
        <source>Read the blocked checks; each says what to do.</source>
        <translation>Die sperrenden Prüfungen lesen; jede sagt, was zu tun ist.</translation>
    </message>
    <message>
        <source>Correct the value that is named and try again.</source>
        <translation>Den genannten Wert berichtigen und noch einmal versuchen.</translation>
    </message>
    <message>
        <source>Put back a complete copy; a power cut may have shortened it.</source>
        <translation>Eine vollständige Kopie zurücklegen; ein Stromausfall kann sie gekürzt haben.</translation>
    </message>
    <message>
        <source>Write it like moonraker://host:7125 or demo:, without a password.</source>
        <translation>So schreiben: moonraker://rechner:7125 oder demo:, ohne Passwort.</translation>
    </message>
    <message>
        <source>Check that the printer is on, and its address and network.</source>
        <translation>Prüfen, ob der Drucker an ist, und seine Adresse und das Netz.</translation>
    </message>
    <message>
        <source>Check the network and the load of the printer's host, then try again.</source>
        <translation>Das Netz und die Last auf dem Rechner des Druckers prüfen, dann noch einmal versuchen.</translation>
    </message>
    <message>
        <source>It is connected again by itself; read the printer's state before you go on.</source>
        <translation>Die Verbindung kommt von selbst wieder; vor dem Weitermachen den Zustand des Druckers lesen.</translation>
    </message>
    <message>
        <source>Enter the API key or the login of this printer.</source>
        <translation>Den API-Schlüssel oder die Anmeldung dieses Druckers eingeben.</translation>
    </message>
    <message>
        <source>Check the versions of the programs on the printer, and its log.</source>
        <translation>Die Versionen der Programme auf dem Drucker und sein Protokoll prüfen.</translation>
    </message>
    <message>
        <source>Settle what the printer names, then try again.</source>
        <translation>Klären, was der Drucker nennt, dann noch einmal versuchen.</translation>
    </message>
    <message>
        <source>Wait until it has started, or restart it after you have read its message.</source>
        <translation>Warten, bis er gestartet ist, oder seine Meldung lesen und ihn neu starten.</translation>
    </message>
    <message>
        <source>Wait until it is free, or end the other program that uses it.</source>
        <translation>Warten, bis er frei ist, oder das andere Programm beenden, das ihn benutzt.</translation>
    </message>
    <message>
        <source>Check that its folder or server can be reached and written; recording goes on in memory meanwhile.</source>
        <translation>Prüfen, ob Ordner oder Server erreichbar und beschreibbar sind; die Aufzeichnung läuft solange im Speicher weiter.</translation>
    </message>
    <message>
        <source>Keep the old file: its undamaged parts may still be read with a database tool.</source>
        <translation>Die alte Datei aufheben: Unbeschädigte Teile lassen sich vielleicht noch mit einem Datenbankwerkzeug lesen.</translation>
    </message>
    <message>
        <source>Install the newer version, or choose another history file.</source>
        <translation>Die neuere Version installieren oder eine andere Aufzeichnung wählen.</translation>
    </message>
    <message>
        <source>See --help.</source>
        <translation>Siehe --help.</translation>
    </message>
    <message>
        <source>field %1</source>
        <translation>Feld %1</translation>
    </message>
    <message>
        <source>line %1</source>
        <translation>Zeile %1</translation>
    </message>
    <message>
        <source>byte %1</source>
        <translation>Byte %1</translation>
    </message>
    <message>
        <source>measured %1</source>
        <translation>gemessen %1</translation>
    </message>
    <message>
        <source>limit %1</source>
        <translation>Grenze %1</translation>
    </message>
    <message>
        <source>%1 is damaged.</source>
        <translation>%1 ist beschädigt.</translation>
    </message>
    <message>
        <source>Choose the sliced file (.gcode, .gcode.gz or .bgcode).</source>
        <translation>Die geslicte Datei wählen (.gcode, .gcode.gz oder .bgcode).</translation>
    </message>
    <message>
        <source>Copy it again from where it was sliced, or slice it again.</source>
        <translation>Noch einmal von dort kopieren, wo sie geslict wurde, oder neu slicen.</translation>
    </message>
    <message>
        <source>%1 does not fit on the disk: it needs %2 bytes.</source>
        <translation>%1 passt nicht auf den Datenträger: Sie braucht %2 Bytes.</translation>
    </message>
</context>
<context>
    <name>StopWidth</name>
    <message>
        <source>Between them: %1 bytes, %2 lines, about %3 s and %4 of printed path.</source>
        <extracomment>width of the stop interval: bytes, lines, seconds, millimetres</extracomment>
        <translation>Dazwischen: %1 Bytes, %2 Zeilen, etwa %3 s und %4 gedruckter Weg.</translation>
    </message>
    <message>
        <source>The cause is not known: everything that may have run is inside.</source>
        <translation>Die Ursache ist nicht bekannt: Alles, was gelaufen sein kann, liegt darin.</translation>
    </message>
    <message>
        <source>Power lost: nothing more ran after that moment.</source>
        <translation>Strom weg: Nach diesem Augenblick lief nichts mehr.</translation>
    </message>
    <message>
        <source>Link lost: every line the printer had accepted still ran.</source>
        <translation>Verbindung weg: Jede Zeile, die der Drucker angenommen hatte, lief noch.</translation>
    </message>
    <message>
        <source>Host stopped: what the controller had in its queue still ran.</source>
        <translation>Rechner stehen geblieben: Was die Steuerung in ihrer Schlange hatte, lief noch.</translation>
    </message>
    <message>
        <source>Motor supply lost: the program went on counting while nothing moved.</source>
        <translation>Motorversorgung weg: Das Programm zählte weiter, während sich nichts bewegte.</translation>
    </message>
    <message>
        <source>Emergency stop: nothing more ran after that moment.</source>
        <translation>Nothalt: Nach diesem Augenblick lief nichts mehr.</translation>
    </message>
    <message>
        <source>Shutdown: the firmware dropped what was still in the queue.</source>
        <translation>Abschaltung: Die Firmware verwarf, was noch in der Schlange war.</translation>
    </message>
</context>
<context>
    <name>Text</name>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1 min</source>
        <translation>%1 min</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 h %2 min</translation>
    </message>
    <message numerus="yes">
        <source>%n day(s)</source>
        <translation>
            <numerusform>%n Tag</numerusform>
            <numerusform>%n Tage</numerusform>
        </translation>
    </message>
    <message>
        <source>just now</source>
        <translation>gerade eben</translation>
    </message>
    <message>
        <source>%1 ago</source>
        <translation>vor %1</translation>
    </message>
    <message>
        <source>%1 mm</source>
        <translation>%1 mm</translation>
    </message>
    <message>
        <source>Layer %1 of %2</source>
        <translation>Schicht %1 von %2</translation>
    </message>
    <message>
        <source>Layer %1</source>
        <translation>Schicht %1</translation>
    </message>
    <message>
        <source>%1, Z %2 mm</source>
        <translation>%1, Z %2 mm</translation>
    </message>
    <message>
        <source>Nozzle %1 of %2 °C</source>
        <translation>Düse %1 von %2 °C</translation>
    </message>
    <message>
        <source>Nozzle %1 °C</source>
        <translation>Düse %1 °C</translation>
    </message>
    <message>
        <source>bed %1 of %2 °C</source>
        <translation>Bett %1 von %2 °C</translation>
    </message>
    <message>
        <source>bed %1 °C</source>
        <translation>Bett %1 °C</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
</context>
<context>
    <name>TimelineView</name>
    <message>
        <source>Z, layer</source>
        <translation>Z, Schicht</translation>
    </message>
    <message>
        <source>Nozzle</source>
        <translation>Düse</translation>
    </message>
    <message>
        <source>Bed</source>
        <translation>Bett</translation>
    </message>
    <message>
        <source>Fan, speed</source>
        <translation>Lüfter, Tempo</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Lead</source>
        <translation>Vorlauf</translation>
    </message>
    <message>
        <source>mm</source>
        <translation>mm</translation>
    </message>
    <message>
        <source>MB</source>
        <translation>MB</translation>
    </message>
    <message>
        <source>s queued</source>
        <translation>s Vorrat</translation>
    </message>
    <message>
        <source>%1 of %2 °C</source>
        <extracomment>actual temperature, then its target, both °C</extracomment>
        <translation>%1 von %2 °C</translation>
    </message>
    <message>
        <source>%1 mm</source>
        <translation>%1 mm</translation>
    </message>
    <message>
        <source>%1 %, %2 %</source>
        <extracomment>part fan, then speed factor</extracomment>
        <translation>%1 %, %2 %</translation>
    </message>
    <message>
        <source>%1 MB</source>
        <translation>%1 MB</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Layer %1</source>
        <translation>Schicht %1</translation>
    </message>
</context>
<context>
    <name>core</name>
    <message>
        <source>Begins in the middle of a printed line: a visible joint.</source>
        <translation>Beginnt mitten in einer gedruckten Linie: eine sichtbare Naht.</translation>
    </message>
    <message>
        <source>Lies inside a tool change: the filament in the nozzle may not be what the file expects.</source>
        <translation>Liegt in einem Werkzeugwechsel: Das Filament in der Düse ist vielleicht nicht das, das die Datei erwartet.</translation>
    </message>
    <message>
        <source>Lies right after a pause or a colour change.</source>
        <translation>Liegt direkt hinter einer Pause oder einem Farbwechsel.</translation>
    </message>
    <message>
        <source>A macro moved since the position was last known.</source>
        <translation>Seit die Position zuletzt bekannt war, hat ein Makro etwas bewegt.</translation>
    </message>
    <message>
        <source>The coordinates are relative here.</source>
        <translation>Die Koordinaten sind hier relativ.</translation>
    </message>
    <message>
        <source>The position is unknown here.</source>
        <translation>Die Position ist hier unbekannt.</translation>
    </message>
    <message>
        <source>The file never set the nozzle temperature up to here.</source>
        <translation>Die Datei hat bis hierher keine Düsentemperatur gesetzt.</translation>
    </message>
    <message>
        <source>%1 mm would be pressed into plastic that is printed already.</source>
        <translation>%1 mm würden in schon gedruckten Kunststoff gedrückt.</translation>
    </message>
    <message>
        <source>%1 mm stay unprinted.</source>
        <translation>%1 mm bleiben ungedruckt.</translation>
    </message>
    <message>
        <source>Not checked offline.</source>
        <translation>Ohne Verbindung nicht geprüft.</translation>
    </message>
    <message>
        <source>The file is the one that was printed.</source>
        <translation>Die Datei ist die gedruckte.</translation>
    </message>
    <message>
        <source>The file is not the one that was printed: its size or content differs. Find the original file.</source>
        <translation>Die Datei ist nicht die gedruckte: Größe oder Inhalt weichen ab. Die Originaldatei suchen.</translation>
    </message>
    <message>
        <source>The printer holds the same file.</source>
        <translation>Der Drucker hat dieselbe Datei.</translation>
    </message>
    <message>
        <source>The printer's file %1 differs from the one the plan was made for. Upload the original again, or undo its change.</source>
        <translation>Die Datei %1 auf dem Drucker weicht von der ab, für die der Plan gemacht wurde. Das Original wieder hochladen oder die Änderung rückgängig machen.</translation>
    </message>
    <message>
        <source>No file left behind by klipper-plr.</source>
        <translation>klipper-plr hat keine Datei zurückgelassen.</translation>
    </message>
    <message>
        <source>%1.plr lies beside the whole file. PLR_RESUME_PRINT would overwrite it; it is not used here.</source>
        <translation>%1.plr liegt neben der vollständigen Datei. PLR_RESUME_PRINT würde sie überschreiben; es wird hier nicht benutzt.</translation>
    </message>
    <message>
        <source>klipper-plr cut %1 and kept the original as %1.plr, of the right size. Repair: move %1.plr back to %1.</source>
        <translation>klipper-plr hat %1 gekürzt und das Original als %1.plr in der richtigen Größe aufgehoben. Reparatur: %1.plr nach %1 zurückverschieben.</translation>
    </message>
    <message>
        <source>klipper-plr cut %1, and %1.plr is not the original either. Upload the original file.</source>
        <translation>klipper-plr hat %1 gekürzt, und auch %1.plr ist nicht das Original. Die Originaldatei hochladen.</translation>
    </message>
    <message>
        <source>With klipper-plr armed, the first state save of a file with % or " in its name shuts the printer down. Leave it disarmed or rename the file.</source>
        <translation>Ist klipper-plr scharf, schaltet das erste Sichern einer Datei mit % oder " im Namen den Drucker ab. Nicht scharf schalten oder die Datei umbenennen.</translation>
    </message>
    <message>
        <source>The file name is harmless.</source>
        <translation>Der Dateiname ist harmlos.</translation>
    </message>
    <message>
        <source>The printer is at work (%1). Let it finish or cancel it first.</source>
        <translation>Der Drucker arbeitet (%1). Ihn erst fertig werden lassen oder abbrechen.</translation>
    </message>
    <message>
        <source>The printer is not printing.</source>
        <translation>Der Drucker druckt nicht.</translation>
    </message>
    <message>
        <source>The printer's host is ready.</source>
        <translation>Der Rechner des Druckers ist bereit.</translation>
    </message>
    <message>
        <source>The printer's host is not ready. Remove the cause and restart the firmware.</source>
        <translation>Der Rechner des Druckers ist nicht bereit. Die Ursache beheben und die Firmware neu starten.</translation>
    </message>
    <message>
        <source>Sensor %1 reads a believable value.</source>
        <translation>Fühler %1 meldet einen glaubhaften Wert.</translation>
    </message>
    <message>
        <source>Heater %1 has no believable reading. Repair heater or sensor first.</source>
        <translation>Heizung %1 hat keinen glaubhaften Messwert. Erst Heizung oder Fühler reparieren.</translation>
    </message>
    <message>
        <source>The file never names the bed's temperature; a macro may have set it. It stays as it is now: enter a target if the part must be kept warm.</source>
        <translation>Die Datei nennt die Betttemperatur nirgends; vielleicht hat ein Makro sie gesetzt. Sie bleibt, wie sie jetzt ist: einen Sollwert eintragen, wenn das Teil warm bleiben muss.</translation>
    </message>
    <message>
        <source>The bed is still near its target of %1 °C.</source>
        <translation>Das Bett ist noch nahe an seinem Sollwert von %1 °C.</translation>
    </message>
    <message>
        <source>The bed cooled to %1 below its target: the part may have come loose. Warm the bed, then push the part gently.</source>
        <translation>Das Bett ist auf %1 unter seinen Sollwert abgekühlt: Das Teil hat sich vielleicht gelöst. Das Bett wärmen, dann sanft am Teil drücken.</translation>
    </message>
    <message>
        <source>Stopped %1 minutes ago.</source>
        <translation>Vor %1 Minuten stehen geblieben.</translation>
    </message>
    <message>
        <source>Stopped %1 minutes ago: the part has cooled and shrunk; expect a visible line.</source>
        <translation>Vor %1 Minuten stehen geblieben: Das Teil ist abgekühlt und geschrumpft; mit einer sichtbaren Linie rechnen.</translation>
    </message>
    <message>
        <source>You saw that the part is still stuck to the bed.</source>
        <translation>Sie haben gesehen, dass das Teil noch auf dem Bett haftet.</translation>
    </message>
    <message>
        <source>Look whether the part is still stuck to the bed.</source>
        <translation>Nachsehen, ob das Teil noch auf dem Bett haftet.</translation>
    </message>
    <message>
        <source>The job queue could load its next job. Pause or empty it.</source>
        <translation>Die Auftragsschlange könnte den nächsten Auftrag laden. Sie anhalten oder leeren.</translation>
    </message>
    <message>
        <source>The job queue is empty or paused.</source>
        <translation>Die Auftragsschlange ist leer oder angehalten.</translation>
    </message>
    <message>
        <source>There is room for the resume file.</source>
        <translation>Für die Fortsetzungsdatei ist Platz.</translation>
    </message>
    <message>
        <source>There is no room for the resume file. Delete something, or continue the original file in place.</source>
        <translation>Für die Fortsetzungsdatei ist kein Platz. Etwas löschen oder die Originaldatei an Ort und Stelle fortsetzen.</translation>
    </message>
    <message>
        <source>%1 is unknown. Choose another point or enter it with a reason.</source>
        <translation>%1 ist unbekannt. Eine andere Stelle wählen oder den Wert mit einer Begründung eintragen.</translation>
    </message>
    <message>
        <source>%1 is only inferred from a start macro. Confirm it.</source>
        <translation>%1 ist nur aus einem Startmakro geschlossen. Bestätigen.</translation>
    </message>
    <message>
        <source>Everything that must be known is known.</source>
        <translation>Alles, was bekannt sein muss, ist bekannt.</translation>
    </message>
    <message>
        <source>The printer and the file disagree whether the extruder counts absolutely. Decide it: the wrong mode floods the part.</source>
        <translation>Drucker und Datei sind uneins, ob der Extruder absolut zählt. Das entscheiden: Der falsche Modus überflutet das Teil.</translation>
    </message>
    <message>
        <source>The printer and the file agree.</source>
        <translation>Drucker und Datei sind sich einig.</translation>
    </message>
    <message>
        <source>The printer and the file disagree on: %1. Look at them in the inspector.</source>
        <translation>Drucker und Datei sind uneins bei: %1. Im Inspektor ansehen.</translation>
    </message>
    <message>
        <source>A macro ran since X, Y and Z were last all given (%1). If it moves without going back, the position is wrong.</source>
        <translation>Seit X, Y und Z zuletzt alle gesetzt waren, lief ein Makro (%1). Bewegt es etwas und fährt nicht zurück, stimmt die Position nicht.</translation>
    </message>
    <message>
        <source>Nothing unknown moved since the position was last given.</source>
        <translation>Seit die Position zuletzt gesetzt wurde, hat sich nichts Unbekanntes bewegt.</translation>
    </message>
    <message>
        <source>The plan or the rest of the file leaves the travel of axis %1. Correct the printer's profile if it is wrong.</source>
        <translation>Der Plan oder der Rest der Datei verlässt den Weg der Achse %1. Das Profil des Druckers berichtigen, falls es falsch ist.</translation>
    </message>
    <message>
        <source>Plan and file stay within the travel limits.</source>
        <translation>Plan und Datei bleiben innerhalb der Fahrwege.</translation>
    </message>
    <message>
        <source>The way leads through what is printed.</source>
        <translation>Der Weg führt durch schon Gedrucktes.</translation>
    </message>
    <message>
        <source>The head passes %1 mm above everything printed.</source>
        <translation>Der Kopf fährt %1 mm über allem Gedruckten.</translation>
    </message>
    <message>
        <source>No step homes Z, probes or calibrates.</source>
        <translation>Kein Schritt referenziert Z, tastet oder kalibriert.</translation>
    </message>
    <message>
        <source>A step homes, probes or calibrates: %1. Remove it.</source>
        <translation>Ein Schritt referenziert, tastet oder kalibriert: %1. Ihn entfernen.</translation>
    </message>
    <message>
        <source>Executed in thought, the plan ends in the state the file expects.</source>
        <translation>In Gedanken ausgeführt endet der Plan in dem Zustand, den die Datei erwartet.</translation>
    </message>
    <message>
        <source>Executed in thought, the plan ends in another state than the file expects (%1).</source>
        <translation>In Gedanken ausgeführt endet der Plan in einem anderen Zustand, als die Datei erwartet (%1).</translation>
    </message>
    <message>
        <source>G28 X Y moves X and Y alone on this printer.</source>
        <translation>G28 X Y bewegt auf diesem Drucker nur X und Y.</translation>
    </message>
    <message>
        <source>On this printer G28 X Y also homes, probes or moves Z (%1). Choose a method that does not home, or change the configuration.</source>
        <translation>Auf diesem Drucker referenziert, tastet oder bewegt G28 X Y auch Z (%1). Ein Verfahren ohne Referenzfahrt wählen oder die Konfiguration ändern.</translation>
    </message>
    <message>
        <source>The idle time-out has passed: the motors were off, so Z is not kept. Choose another way to register Z.</source>
        <translation>Die Leerlaufzeit ist abgelaufen: Die Motoren waren aus, Z ist also nicht erhalten. Einen anderen Weg wählen, Z zu bestimmen.</translation>
    </message>
    <message>
        <source>All axes are still homed: the motors were never off.</source>
        <translation>Alle Achsen sind noch referenziert: Die Motoren waren nie aus.</translation>
    </message>
    <message>
        <source>Not all axes are homed: the motors were off, so Z is not kept. Choose another way to register Z.</source>
        <translation>Nicht alle Achsen sind referenziert: Die Motoren waren aus, Z ist also nicht erhalten. Einen anderen Weg wählen, Z zu bestimmen.</translation>
    </message>
    <message>
        <source>Nobody moved head or bed.</source>
        <translation>Niemand hat Kopf oder Bett bewegt.</translation>
    </message>
    <message>
        <source>Z is only kept if nobody moved head or bed since.</source>
        <translation>Z ist nur erhalten, wenn seither niemand Kopf oder Bett bewegt hat.</translation>
    </message>
    <message>
        <source>PLR_Z_HOME works with this version of Klipper.</source>
        <translation>PLR_Z_HOME funktioniert mit dieser Klipper-Version.</translation>
    </message>
    <message>
        <source>PLR_Z_HOME always fails with this version of Klipper. Choose another way to register Z.</source>
        <translation>PLR_Z_HOME scheitert mit dieser Klipper-Version immer. Einen anderen Weg wählen, Z zu bestimmen.</translation>
    </message>
    <message>
        <source>PLR_Z_HOME fails with Klipper newer than 2025-08-05; this version cannot be told apart.</source>
        <translation>PLR_Z_HOME scheitert mit Klipper nach dem 2025-08-05; diese Version lässt sich nicht einordnen.</translation>
    </message>
    <message>
        <source>PLR_Z_HOME would not set Z: no calibration is stored, or all its offsets are 0. Calibrate, or choose another way to register Z.</source>
        <translation>PLR_Z_HOME würde Z nicht setzen: Es ist keine Kalibrierung gespeichert, oder alle ihre Abweichungen sind 0. Kalibrieren oder einen anderen Weg wählen, Z zu bestimmen.</translation>
    </message>
    <message>
        <source>PLR_Z_HOME restores Z from the stored height of %1 mm.</source>
        <translation>PLR_Z_HOME stellt Z aus der gespeicherten Höhe von %1 mm wieder her.</translation>
    </message>
    <message>
        <source>The stored height of the upper switches (%1 mm) lies below the travel height of %2 mm. Calibrate again, or choose another way to register Z.</source>
        <translation>Die gespeicherte Höhe der oberen Schalter (%1 mm) liegt unter der Fahrhöhe von %2 mm. Neu kalibrieren oder einen anderen Weg wählen, Z zu bestimmen.</translation>
    </message>
    <message>
        <source>Known modes</source>
        <translation>Bekannte Modi</translation>
    </message>
    <message>
        <source>start from known modes, so that every number below means what it says</source>
        <translation>von bekannten Modi ausgehen, damit jede Zahl weiter unten bedeutet, was sie sagt</translation>
    </message>
    <message>
        <source>Soften the contact</source>
        <translation>Den Kontakt erweichen</translation>
    </message>
    <message>
        <source>the nozzle may stick to the part: soften the contact at %1 °C, do not melt it</source>
        <translation>die Düse klebt vielleicht am Teil: den Kontakt bei %1 °C erweichen, nicht schmelzen</translation>
    </message>
    <message>
        <source>Heat the bed</source>
        <translation>Das Bett heizen</translation>
    </message>
    <message>
        <source>bed to %1 °C first and held: the part must not come loose</source>
        <translation>das Bett zuerst auf %1 °C und dort halten: Das Teil darf sich nicht lösen</translation>
    </message>
    <message>
        <source>declare the highest Z at which the nozzle can be (%1 mm), so that the climb is counted from there</source>
        <translation>das höchste Z ansetzen, auf dem die Düse stehen kann (%1 mm), damit der Aufstieg von dort zählt</translation>
    </message>
    <message>
        <source>the nozzle stands at Z %1 mm: declared by the person</source>
        <translation>die Düse steht auf Z %1 mm: von Ihnen angegeben</translation>
    </message>
    <message>
        <source>Declare Z</source>
        <translation>Z festlegen</translation>
    </message>
    <message>
        <source>the nozzle is soft enough: straight up at once to Z %1 mm, %2 mm above everything printed</source>
        <translation>die Düse ist weich genug: sofort senkrecht hoch auf Z %1 mm, %2 mm über alles Gedruckte</translation>
    </message>
    <message>
        <source>straight up to Z %1 mm, %2 mm above everything printed</source>
        <translation>senkrecht hoch auf Z %1 mm, %2 mm über alles Gedruckte</translation>
    </message>
    <message>
        <source>Lift</source>
        <translation>Abheben</translation>
    </message>
    <message>
        <source>Register Z at the upper switches</source>
        <translation>Z an den oberen Schaltern bestimmen</translation>
    </message>
    <message>
        <source>climb to the upper switches and take Z from the stored heights; nothing comes near the part</source>
        <translation>zu den oberen Schaltern steigen und Z aus den gespeicherten Höhen nehmen; nichts kommt dem Teil nahe</translation>
    </message>
    <message>
        <source>Home X and Y</source>
        <translation>X und Y referenzieren</translation>
    </message>
    <message>
        <source>X and Y are homed above everything printed; Z is never homed towards the part</source>
        <translation>X und Y werden über allem Gedruckten referenziert; Z nie auf das Teil zu</translation>
    </message>
    <message>
        <source>Load the bed mesh</source>
        <translation>Das Bettnetz laden</translation>
    </message>
    <message>
        <source>the mesh the print was made with; nothing is probed</source>
        <translation>das Netz, mit dem gedruckt wurde; getastet wird nichts</translation>
    </message>
    <message>
        <source>Select the tool</source>
        <translation>Das Werkzeug wählen</translation>
    </message>
    <message>
        <source>tool %1 was in use</source>
        <translation>Werkzeug %1 war in Gebrauch</translation>
    </message>
    <message>
        <source>Speed limits and pressure advance</source>
        <translation>Tempogrenzen und Druckausgleich</translation>
    </message>
    <message>
        <source>limits and pressure advance as they stood at the resume point</source>
        <translation>Grenzen und Druckausgleich wie am Fortsetzungspunkt</translation>
    </message>
    <message>
        <source>Flow factor and offset</source>
        <translation>Flussfaktor und Versatz</translation>
    </message>
    <message>
        <source>flow factor and G-code offset as they stood at the resume point</source>
        <translation>Flussfaktor und G-Code-Versatz wie am Fortsetzungspunkt</translation>
    </message>
    <message>
        <source>Heat the nozzle beside the print</source>
        <translation>Die Düse neben dem Druck heizen</translation>
    </message>
    <message>
        <source>to X %1 Y %2 beside the print, then up to %3 °C there</source>
        <translation>nach X %1 Y %2 neben dem Druck, dort auf %3 °C</translation>
    </message>
    <message>
        <source>Prime</source>
        <translation>Anspülen</translation>
    </message>
    <message>
        <source>push %1 mm of filament, then hold it back for the way</source>
        <translation>%1 mm Filament vorschieben, dann für den Weg zurückhalten</translation>
    </message>
    <message>
        <source>Approach</source>
        <translation>Anfahren</translation>
    </message>
    <message>
        <source>over the resume point at travel height, then down in two stages to Z %1 mm</source>
        <translation>auf Fahrhöhe über den Fortsetzungspunkt, dann in zwei Stufen hinab auf Z %1 mm</translation>
    </message>
    <message>
        <source>Fans and speed factor</source>
        <translation>Lüfter und Tempofaktor</translation>
    </message>
    <message>
        <source>fans and speed factor as they stood at the resume point</source>
        <translation>Lüfter und Tempofaktor wie am Fortsetzungspunkt</translation>
    </message>
    <message>
        <source>Restore the modes</source>
        <translation>Die Modi wiederherstellen</translation>
    </message>
    <message>
        <source>extruder position, feed rate and modes as the file expects them at byte %1</source>
        <translation>Extruderstand, Vorschub und Modi, wie die Datei sie bei Byte %1 erwartet</translation>
    </message>
    <message>
        <source>Objects</source>
        <translation>Objekte</translation>
    </message>
    <message>
        <source>the objects the file defined, and those that were excluded</source>
        <translation>die Objekte der Datei und die ausgeschlossenen</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>Weiterdrucken</translation>
    </message>
    <message>
        <source>from here on the original bytes, unchanged, from byte %1</source>
        <translation>ab hier die Bytes des Originals, unverändert, ab Byte %1</translation>
    </message>
    <message>
        <source>Own lines</source>
        <translation>Eigene Zeilen</translation>
    </message>
    <message>
        <source>your own lines (%1)</source>
        <translation>Ihre eigenen Zeilen (%1)</translation>
    </message>
    <message>
        <source>Position %1 (mm)</source>
        <translation>Position %1 (mm)</translation>
    </message>
    <message>
        <source>Extruder position (mm)</source>
        <translation>Extruderstand (mm)</translation>
    </message>
    <message>
        <source>Feed rate (mm/min)</source>
        <translation>Vorschub (mm/min)</translation>
    </message>
    <message>
        <source>Tool</source>
        <translation>Werkzeug</translation>
    </message>
    <message>
        <source>Hotend %1 target (°C)</source>
        <translation>Düse %1, Sollwert (°C)</translation>
    </message>
    <message>
        <source>Bed target (°C)</source>
        <translation>Bett, Sollwert (°C)</translation>
    </message>
    <message>
        <source>Chamber target (°C)</source>
        <translation>Kammer, Sollwert (°C)</translation>
    </message>
    <message>
        <source>Heater %1 target (°C)</source>
        <translation>Heizung %1, Sollwert (°C)</translation>
    </message>
    <message>
        <source>Fan %1</source>
        <translation>Lüfter %1</translation>
    </message>
    <message>
        <source>Speed factor (%)</source>
        <translation>Tempofaktor (%)</translation>
    </message>
    <message>
        <source>Flow factor of tool %1 (%)</source>
        <translation>Flussfaktor von Werkzeug %1 (%)</translation>
    </message>
    <message>
        <source>Pressure advance of %1 (s)</source>
        <translation>Druckausgleich von %1 (s)</translation>
    </message>
    <message>
        <source>Limit %1</source>
        <translation>Grenze %1</translation>
    </message>
    <message>
        <source>Bed mesh</source>
        <translation>Bettnetz</translation>
    </message>
    <message>
        <source>G-code offset %1 (mm)</source>
        <translation>G-Code-Versatz %1 (mm)</translation>
    </message>
    <message>
        <source>Absolute extrusion</source>
        <translation>Absolute Extrusion</translation>
    </message>
    <message>
        <source>Absolute coordinates</source>
        <translation>Absolute Koordinaten</translation>
    </message>
    <message>
        <source>Retracted by the firmware</source>
        <translation>Von der Firmware zurückgezogen</translation>
    </message>
    <message>
        <source>Excluded objects</source>
        <translation>Ausgeschlossene Objekte</translation>
    </message>
    <message>
        <source>Object being printed</source>
        <translation>Objekt im Druck</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>No live position fits the file: bounded by the read positions %1 to %2.</source>
        <translation>Keine Live-Position passt zur Datei: begrenzt durch die Lesestellen %1 bis %2.</translation>
    </message>
    <message>
        <source>the host's clock has begun anew: %1 s now, %2 s at the last sample</source>
        <translation>die Uhr des Rechners hat neu begonnen: jetzt %1 s, beim letzten Messwert %2 s</translation>
    </message>
    <message>
        <source>the host's clock went on: the host itself was not switched off</source>
        <translation>die Uhr des Rechners lief weiter: Der Rechner selbst wurde nicht abgeschaltet</translation>
    </message>
    <message>
        <source>the server found the job unfinished when it started again</source>
        <translation>der Server fand den Auftrag unfertig, als er wieder startete</translation>
    </message>
    <message>
        <source>the server lived on and saw the printer's host end</source>
        <translation>der Server lebte weiter und sah den Rechner des Druckers enden</translation>
    </message>
    <message>
        <source>the server saw the firmware shut down</source>
        <translation>der Server sah die Firmware abschalten</translation>
    </message>
    <message>
        <source>the server was ended while the job ran</source>
        <translation>der Server wurde beendet, während der Auftrag lief</translation>
    </message>
    <message>
        <source>the printer said: %1</source>
        <translation>der Drucker sagte: %1</translation>
    </message>
    <message>
        <source>the printer is still printing this file</source>
        <translation>der Drucker druckt diese Datei noch</translation>
    </message>
    <message>
        <source>noted by the recorder when it stopped</source>
        <translation>vom Rekorder beim Stehenbleiben vermerkt</translation>
    </message>
    <message>
        <source>no message shows the motors' supply: only a look at the printer can tell</source>
        <translation>keine Meldung zeigt die Versorgung der Motoren: Das sieht man nur am Drucker</translation>
    </message>
    <message>
        <source>other</source>
        <translation>anderes</translation>
    </message>
    <message>
        <source>outer wall</source>
        <translation>Außenwand</translation>
    </message>
    <message>
        <source>inner wall</source>
        <translation>Innenwand</translation>
    </message>
    <message>
        <source>overhanging wall</source>
        <translation>überhängende Wand</translation>
    </message>
    <message>
        <source>solid infill</source>
        <translation>volle Füllung</translation>
    </message>
    <message>
        <source>top surface</source>
        <translation>Oberseite</translation>
    </message>
    <message>
        <source>bottom surface</source>
        <translation>Unterseite</translation>
    </message>
    <message>
        <source>infill</source>
        <translation>Füllung</translation>
    </message>
    <message>
        <source>gap fill</source>
        <translation>Lückenfüllung</translation>
    </message>
    <message>
        <source>bridge</source>
        <translation>Brücke</translation>
    </message>
    <message>
        <source>ironing</source>
        <translation>Bügeln</translation>
    </message>
    <message>
        <source>support</source>
        <translation>Stütze</translation>
    </message>
    <message>
        <source>support interface</source>
        <translation>Stützenkontakt</translation>
    </message>
    <message>
        <source>skirt or brim</source>
        <translation>Skirt oder Brim</translation>
    </message>
    <message>
        <source>raft</source>
        <translation>Raft</translation>
    </message>
    <message>
        <source>prime tower</source>
        <translation>Reinigungsturm</translation>
    </message>
    <message>
        <source>the profile's own G-code</source>
        <translation>eigener G-Code des Profils</translation>
    </message>
    <message>
        <source>Lies in an object that was excluded: nothing is printed until the next object.</source>
        <translation>Liegt in einem ausgelassenen Objekt: Bis zum nächsten Objekt wird nichts gedruckt.</translation>
    </message>
    <message>
        <source>Begins with an arc: it can only be printed as a whole.</source>
        <translation>Beginnt mit einem Bogen: Er lässt sich nur als Ganzes drucken.</translation>
    </message>
    <message>
        <source>Lies inside the wipe tower.</source>
        <translation>Liegt im Reinigungsturm.</translation>
    </message>
    <message>
        <source>Begins on a bridge: there may be nothing below.</source>
        <translation>Beginnt auf einer Brücke: Darunter ist vielleicht nichts.</translation>
    </message>
    <message>
        <source>Lies inside ironing: the nozzle goes over what is printed.</source>
        <translation>Liegt im Bügeln: Die Düse fährt über das Gedruckte.</translation>
    </message>
    <message>
        <source>The file never set a feed rate up to here.</source>
        <translation>Die Datei hat bis hierher nie einen Vorschub gesetzt.</translation>
    </message>
    <message>
        <source>The firmware had retracted (G10) here.</source>
        <translation>Die Firmware hatte hier zurückgezogen (G10).</translation>
    </message>
    <message>
        <source>Something that is finished stands higher than this place.</source>
        <translation>Etwas Fertiges ragt höher als diese Stelle.</translation>
    </message>
    <message>
        <source>This is seen from outside: a gap of up to 2 mm shows less than a bump.</source>
        <translation>Das sieht man von außen: Eine Lücke bis 2 mm fällt weniger auf als ein Höcker.</translation>
    </message>
    <message>
        <source>If it stopped as late as it can have, %1 mm would be printed twice.</source>
        <translation>Blieb er so spät wie möglich stehen, würden %1 mm doppelt gedruckt.</translation>
    </message>
    <message>
        <source>If it stopped as early as it can have, %1 mm would stay unprinted.</source>
        <translation>Blieb er so früh wie möglich stehen, blieben %1 mm ungedruckt.</translation>
    </message>
    <message>
        <source>The speed factor was changed at the printer: %2 % instead of %1 %.</source>
        <translation>Der Geschwindigkeitsfaktor wurde am Drucker geändert: %2 % statt %1 %.</translation>
    </message>
    <message>
        <source>The flow factor was changed at the printer: %2 % instead of %1 %.</source>
        <translation>Der Flussfaktor wurde am Drucker geändert: %2 % statt %1 %.</translation>
    </message>
    <message>
        <source>The offset %3 was changed at the printer (babystep): %2 mm instead of %1 mm.</source>
        <translation>Der Versatz %3 wurde am Drucker geändert (Babystep): %2 mm statt %1 mm.</translation>
    </message>
    <message>
        <source>The nozzle's target was changed at the printer: %2 °C instead of %1 °C.</source>
        <translation>Das Ziel der Düse wurde am Drucker geändert: %2 °C statt %1 °C.</translation>
    </message>
    <message>
        <source>The bed's target was changed at the printer: %2 °C instead of %1 °C.</source>
        <translation>Das Ziel des Betts wurde am Drucker geändert: %2 °C statt %1 °C.</translation>
    </message>
    <message>
        <source>The chamber's target was changed at the printer: %2 °C instead of %1 °C.</source>
        <translation>Das Ziel der Kammer wurde am Drucker geändert: %2 °C statt %1 °C.</translation>
    </message>
    <message>
        <source>The target of %3 was changed at the printer: %2 °C instead of %1 °C.</source>
        <translation>Das Ziel von %3 wurde am Drucker geändert: %2 °C statt %1 °C.</translation>
    </message>
    <message>
        <source>Fan %3 was changed at the printer: %2 instead of %1.</source>
        <translation>Lüfter %3 wurde am Drucker geändert: %2 statt %1.</translation>
    </message>
    <message>
        <source>The pressure advance of %3 was changed at the printer: %2 instead of %1.</source>
        <translation>Pressure Advance von %3 wurde am Drucker geändert: %2 statt %1.</translation>
    </message>
    <message>
        <source>The limit %3 was changed at the printer: %2 instead of %1.</source>
        <translation>Die Grenze %3 wurde am Drucker geändert: %2 statt %1.</translation>
    </message>
    <message>
        <source>Another bed mesh was in use: %2 instead of %1.</source>
        <translation>Ein anderes Bettnetz war im Gebrauch: %2 statt %1.</translation>
    </message>
    <message>
        <source>Objects were excluded while it printed: %1.</source>
        <translation>Während des Drucks wurden Objekte ausgelassen: %1.</translation>
    </message>
    <message>
        <source>The printer and the file do not agree on %1: %2 was seen, the file says %3.</source>
        <translation>Drucker und Datei sind sich über %1 nicht einig: Gesehen wurde %2, die Datei sagt %3.</translation>
    </message>
    <message>
        <source>The printer printed a file of %1 bytes, this one has %2: it is another file or was changed since.</source>
        <translation>Der Drucker druckte eine Datei von %1 Bytes, diese hat %2: Es ist eine andere Datei, oder sie wurde seither geändert.</translation>
    </message>
    <message>
        <source>Position and modes differ from the file: this is probably another file than the one printed.</source>
        <translation>Position und Betriebsarten weichen von der Datei ab: Das ist wahrscheinlich eine andere Datei als die gedruckte.</translation>
    </message>
    <message>
        <source>The position differs from the file by %1 mm: an offset was edited, or it is another file.</source>
        <translation>Die Position weicht um %1 mm von der Datei ab: Ein Versatz wurde geändert, oder es ist eine andere Datei.</translation>
    </message>
    <message>
        <source>Every position differs from the file by %1 mm: an offset was edited (G92, or the file was shifted).</source>
        <translation>Jede Position weicht um %1 mm von der Datei ab: Ein Versatz wurde geändert (G92, oder die Datei wurde verschoben).</translation>
    </message>
    <message>
        <source>%1 of %2 reported positions do not lie where this file has them: it is another file or was changed since.</source>
        <translation>%1 von %2 gemeldeten Positionen liegen nicht dort, wo diese Datei sie hat: Es ist eine andere Datei, oder sie wurde seither geändert.</translation>
    </message>
    <message>
        <source>%1 pieces of the printer's file, read anew, equal the local copy.</source>
        <translation>%1 neu gelesene Stücke der Datei des Druckers gleichen der hiesigen Kopie.</translation>
    </message>
    <message>
        <source>Of %1 pieces of the printer's file, read anew, %2 differ from the local copy. Upload the original again.</source>
        <translation>Von %1 neu gelesenen Stücken der Datei des Druckers weichen %2 von der hiesigen Kopie ab. Das Original noch einmal hochladen.</translation>
    </message>
    <message>
        <source>A macro ran just before this point and nothing has set %1 since: nobody knows its value. Go on from a later line, or enter it.</source>
        <translation>Kurz vor dieser Stelle lief ein Makro, und seither hat nichts %1 gesetzt: Niemand kennt den Wert. Von einer späteren Zeile weitermachen oder ihn eintragen.</translation>
    </message>
    <message>
        <source>Z and E were set after the last macro.</source>
        <translation>Z und E wurden nach dem letzten Makro gesetzt.</translation>
    </message>
    <message>
        <source>A macro ran just before this point and nothing has set %1 since: the first line may begin in a wrong place.</source>
        <translation>Kurz vor dieser Stelle lief ein Makro, und seither hat nichts %1 gesetzt: Die erste Linie beginnt vielleicht am falschen Ort.</translation>
    </message>
    <message>
        <source>The macro %1 may have changed the tool, and nobody saw which one was in use. Look which one it is.</source>
        <translation>Das Makro %1 hat vielleicht das Werkzeug gewechselt, und niemand sah, welches im Gebrauch war. Nachsehen, welches es ist.</translation>
    </message>
    <message>
        <source>Your line %1 (%2) is a macro: what it does is not known here and runs unchecked.</source>
        <translation>Ihre Zeile %1 (%2) ist ein Makro: Was es tut, ist hier nicht bekannt und läuft ungeprüft.</translation>
    </message>
    <message>
        <source>Every line of the plan was executed in thought.</source>
        <translation>Jede Zeile des Plans wurde in Gedanken ausgeführt.</translation>
    </message>
    <message>
        <source>The first layers after the resume point hold nothing that only a start does.</source>
        <translation>Die ersten Schichten nach der Fortsetzungsstelle enthalten nichts, was nur ein Start tut.</translation>
    </message>
    <message>
        <source>No bed mesh was in use.</source>
        <translation>Es war kein Bettnetz im Gebrauch.</translation>
    </message>
    <message>
        <source>The mesh %1 is loaded by its name; whether its points are those of the print is not recorded.</source>
        <translation>Das Netz %1 wird nach seinem Namen geladen; ob seine Punkte die des Drucks sind, ist nicht aufgezeichnet.</translation>
    </message>
    <message>
        <source>The mesh %1 is still there, point for point.</source>
        <translation>Das Netz %1 ist noch da, Punkt für Punkt.</translation>
    </message>
    <message>
        <source>The mesh of the print is kept as %1, point for point.</source>
        <translation>Das Netz des Drucks ist als %1 aufgehoben, Punkt für Punkt.</translation>
    </message>
    <message>
        <source>The mesh %1 did not survive the restart and its points were not recorded: nobody knows how far the heights differ without it. Choose another profile, or none, in the state.</source>
        <translation>Das Netz %1 hat den Neustart nicht überstanden, und seine Punkte wurden nicht aufgezeichnet: Niemand weiß, wie weit die Höhen ohne es abweichen. Im Zustand ein anderes Profil wählen oder keines.</translation>
    </message>
    <message>
        <source>The mesh %1 was probed anew since: it differs by up to %2 mm, a layer is %3 mm. The recorded points can be restored.</source>
        <translation>Das Netz %1 wurde seither neu abgetastet: Es weicht bis zu %2 mm ab, eine Schicht hat %3 mm. Die aufgezeichneten Punkte lassen sich wiederherstellen.</translation>
    </message>
    <message>
        <source>The mesh %1 did not survive the restart. Without it heights differ by up to %2 mm, a layer is %3 mm. The recorded points can be restored.</source>
        <translation>Das Netz %1 hat den Neustart nicht überstanden. Ohne es weichen Höhen bis zu %2 mm ab, eine Schicht hat %3 mm. Die aufgezeichneten Punkte lassen sich wiederherstellen.</translation>
    </message>
    <message>
        <source>The mesh %1 did not survive the restart and cannot be written back. Without it heights differ by up to %2 mm, a layer is %3 mm.</source>
        <translation>Das Netz %1 hat den Neustart nicht überstanden und lässt sich nicht zurückschreiben. Ohne es weichen Höhen bis zu %2 mm ab, eine Schicht hat %3 mm.</translation>
    </message>
    <message>
        <source>the firmware lifted the nozzle to Z %1 mm: as measured</source>
        <translation>die Firmware hob die Düse auf Z %1 mm: wie gemessen</translation>
    </message>
    <message>
        <source>over the resume point at travel height, then down in two stages to Z %1 mm; a macro ran since the place was last given (%2), and is taken to have come back</source>
        <translation>auf Fahrhöhe über die Fortsetzungsstelle, dann in zwei Stufen hinab auf Z %1 mm; seit der letzten Ortsangabe lief ein Makro (%2), von dem angenommen wird, dass es zurückkam</translation>
    </message>
    <message>
        <source>Arm klipper-plr</source>
        <translation>klipper-plr scharf stellen</translation>
    </message>
    <message>
        <source>klipper-plr saves the state of this print from here on, too</source>
        <translation>klipper-plr sichert ab hier auch den Zustand dieses Drucks</translation>
    </message>
    <message>
        <source>The setup marker is in line %1. When klipper-plr resumes, everything above it runs again.</source>
        <translation>Die Einrichtungsmarke steht in Zeile %1. Wenn klipper-plr fortsetzt, läuft alles darüber noch einmal.</translation>
    </message>
    <message>
        <source>The setup marker is missing: klipper-plr cannot resume this file. Add it after the start G-code.</source>
        <translation>Die Einrichtungsmarke fehlt: klipper-plr kann diese Datei nicht fortsetzen. Nach dem Start-G-Code einfügen.</translation>
    </message>
    <message>
        <source>The print marker is in line %1.</source>
        <translation>Die Druckmarke steht in Zeile %1.</translation>
    </message>
    <message>
        <source>The print marker is missing: klipper-plr cannot resume this file. Add it after the setup marker.</source>
        <translation>Die Druckmarke fehlt: klipper-plr kann diese Datei nicht fortsetzen. Nach der Einrichtungsmarke einfügen.</translation>
    </message>
    <message>
        <source>No comment swallows the setup marker.</source>
        <translation>Kein Kommentar verschluckt die Einrichtungsmarke.</translation>
    </message>
    <message>
        <source>No comment swallows the print marker.</source>
        <translation>Kein Kommentar verschluckt die Druckmarke.</translation>
    </message>
    <message>
        <source>The setup marker in line %1 follows a comment with a single semicolon and is taken for a part of it. Put a command between them.</source>
        <translation>Die Einrichtungsmarke in Zeile %1 folgt auf einen Kommentar mit einem einzelnen Semikolon und gilt als Teil davon. Einen Befehl dazwischensetzen.</translation>
    </message>
    <message>
        <source>The print marker in line %1 follows a comment with a single semicolon and is taken for a part of it. Put a command between them.</source>
        <translation>Die Druckmarke in Zeile %1 folgt auf einen Kommentar mit einem einzelnen Semikolon und gilt als Teil davon. Einen Befehl dazwischensetzen.</translation>
    </message>
    <message>
        <source>The markers are in the right order.</source>
        <translation>Die Marken stehen in der richtigen Reihenfolge.</translation>
    </message>
    <message>
        <source>The print marker in line %1 comes before the setup marker in line %2. Exchange them.</source>
        <translation>Die Druckmarke in Zeile %1 kommt vor der Einrichtungsmarke in Zeile %2. Vertauschen.</translation>
    </message>
    <message>
        <source>No layer calls PLR_SAVE_PRINT_STATE_WITH_LAYER: klipper-plr saves by time alone. Add the call to the G-code after a layer change.</source>
        <translation>Keine Schicht ruft PLR_SAVE_PRINT_STATE_WITH_LAYER auf: klipper-plr sichert nur nach Zeit. Den Aufruf in den G-Code nach einem Schichtwechsel einfügen.</translation>
    </message>
    <message>
        <source>PLR_SAVE_PRINT_STATE_WITH_LAYER is called %1 times in %2 layers.</source>
        <translation>PLR_SAVE_PRINT_STATE_WITH_LAYER wird in %2 Schichten %1-mal aufgerufen.</translation>
    </message>
    <message>
        <source>Every layer calls PLR_SAVE_PRINT_STATE_WITH_LAYER.</source>
        <translation>Jede Schicht ruft PLR_SAVE_PRINT_STATE_WITH_LAYER auf.</translation>
    </message>
    <message>
        <source>Line %1 calls %2. Markers inside that macro never reach the file; they must stand in the start G-code of the slicer.</source>
        <translation>Zeile %1 ruft %2 auf. Marken in diesem Makro kommen nie in die Datei; sie müssen im Start-G-Code des Slicers stehen.</translation>
    </message>
    <message>
        <source>Printers, Custom G-code, at the end of Start G-code</source>
        <translation>Drucker, Benutzerdefinierter G-Code, am Ende von Start-G-Code</translation>
    </message>
    <message>
        <source>Printers, Custom G-code, After layer change G-code</source>
        <translation>Drucker, Benutzerdefinierter G-Code, G-Code nach Schichtwechsel</translation>
    </message>
    <message>
        <source>Printer settings, Machine G-code, at the end of Machine start G-code</source>
        <translation>Druckereinstellungen, Maschinen-G-Code, am Ende von Maschinen-Start-G-Code</translation>
    </message>
    <message>
        <source>Printer settings, Machine G-code, Layer change G-code</source>
        <translation>Druckereinstellungen, Maschinen-G-Code, Schichtwechsel-G-Code</translation>
    </message>
    <message>
        <source>Manage printers, Machine settings, at the end of Start G-code</source>
        <translation>Drucker verwalten, Geräteeinstellungen, am Ende von Start-G-Code</translation>
    </message>
    <message>
        <source>Extensions, Post processing, Modify G-code, Search and Replace with regular expressions: the first line is searched for, the second replaces it</source>
        <translation>Erweiterungen, Nachbearbeitung, G-Code ändern, Suchen und Ersetzen mit regulären Ausdrücken: Die erste Zeile wird gesucht, die zweite ersetzt sie</translation>
    </message>
    <message>
        <source>The firmware had accepted the file up to byte %1; up to %2 commands and %3 moves can wait behind that.</source>
        <translation>Die Firmware hatte die Datei bis Byte %1 angenommen; dahinter können bis zu %2 Befehle und %3 Bewegungen warten.</translation>
    </message>
    <message>
        <source>The last live position lies %1 mm from the path of byte %2; %3 earlier samples agree by their extruder position; the file was read up to byte %4; motion ended %5 to %6 s later.</source>
        <translation>Die letzte Live-Position liegt %1 mm vom Weg bei Byte %2; %3 frühere Messungen stimmen in der Extruderposition überein; die Datei war bis Byte %4 gelesen; die Bewegung endete %5 bis %6 s später.</translation>
    </message>
    <message>
        <source>Runs a file of the printer; nobody knows from here what it does over the part.</source>
        <translation>Führt eine Datei des Druckers aus; von hier weiß niemand, was sie über dem Teil tut.</translation>
    </message>
    <message>
        <source>Probes: the nozzle is driven into the part.</source>
        <translation>Tastet: Die Düse wird in das Teil gefahren.</translation>
    </message>
    <message>
        <source>Probes or levels: the nozzle is driven into the part.</source>
        <translation>Tastet oder nivelliert: Die Düse wird in das Teil gefahren.</translation>
    </message>
    <message>
        <source>Wipes the nozzle at its brush: the way there is not checked.</source>
        <translation>Wischt die Düse an ihrer Bürste: Der Weg dorthin ist nicht geprüft.</translation>
    </message>
    <message>
        <source>Prints a test pattern over the whole bed.</source>
        <translation>Druckt ein Prüfmuster über das ganze Bett.</translation>
    </message>
    <message>
        <source>Homes Z: the nozzle is driven into the part.</source>
        <translation>Referenziert Z: Die Düse wird in das Teil gefahren.</translation>
    </message>
    <message>
        <source>Homes X or Y at %1 mm; the part is %2 mm high there.</source>
        <translation>Referenziert X oder Y auf %1 mm; das Teil ist dort %2 mm hoch.</translation>
    </message>
    <message>
        <source>By its name homes or starts a print: the nozzle is driven into the part.</source>
        <translation>Dem Namen nach referenziert es oder startet einen Druck: Die Düse wird in das Teil gefahren.</translation>
    </message>
    <message>
        <source>By its name probes, levels or calibrates: the nozzle is driven into the part.</source>
        <translation>Dem Namen nach tastet, nivelliert oder kalibriert es: Die Düse wird in das Teil gefahren.</translation>
    </message>
    <message>
        <source>By its name purges or cleans the nozzle: its ways are not checked.</source>
        <translation>Dem Namen nach spült oder reinigt es die Düse: Seine Wege sind nicht geprüft.</translation>
    </message>
    <message>
        <source>A macro: what it does over the part is not known here.</source>
        <translation>Ein Makro: Was es über dem Teil tut, ist hier nicht bekannt.</translation>
    </message>
    <message>
        <source>Leaves the travel of axis %1: %2 mm, limit %3 mm.</source>
        <translation>Verlässt den Weg der Achse %1: %2 mm, Grenze %3 mm.</translation>
    </message>
    <message>
        <source>%1 is a macro of the printer: what it does besides selecting the tool is not known here and runs unchecked.</source>
        <translation>%1 ist ein Makro des Druckers: Was es außer der Werkzeugwahl tut, ist hier nicht bekannt und läuft ungeprüft.</translation>
    </message>
    <message>
        <source>The nozzle was said to stand at %1 mm, but the print goes on at %2 mm: it would stand inside the part. Measure again.</source>
        <translation>Die Düse soll auf %1 mm stehen, der Druck geht aber auf %2 mm weiter: Sie stünde im Teil. Neu messen.</translation>
    </message>
    <message>
        <source>The nozzle was said to touch at %1 mm, but only %2 mm are printed. Measure again, or say that it is lifted.</source>
        <translation>Die Düse soll auf %1 mm aufliegen, gedruckt sind aber nur %2 mm. Neu messen, oder angeben, dass sie angehoben ist.</translation>
    </message>
    <message>
        <source>The declared height of %1 mm fits the part.</source>
        <translation>Die angegebene Höhe von %1 mm passt zum Teil.</translation>
    </message>
    <message>
        <source>A Z offset of %1 mm was in force and counts on top of the declared height: the nozzle goes on at %2 mm above the bed.</source>
        <translation>Ein Z-Versatz von %1 mm galt und zählt zur angegebenen Höhe hinzu: Die Düse fährt %2 mm über dem Bett fort.</translation>
    </message>
    <message>
        <source>A target of %1 °C is within reason.</source>
        <translation>Ein Ziel von %1 °C ist vernünftig.</translation>
    </message>
    <message>
        <source>A target of %1 °C is too low: no plastic flows below %2 °C. Correct it.</source>
        <translation>Ein Ziel von %1 °C ist zu niedrig: Unter %2 °C fließt kein Kunststoff. Berichtigen.</translation>
    </message>
    <message>
        <source>A target of %1 °C is too high: no printer is made for more than %2 °C. Correct it.</source>
        <translation>Ein Ziel von %1 °C ist zu hoch: Kein Drucker ist für mehr als %2 °C gebaut. Berichtigen.</translation>
    </message>
    <message>
        <source>The temperature of the nozzle in use is not known. Enter it.</source>
        <translation>Die Temperatur der benutzten Düse ist nicht bekannt. Bitte eintragen.</translation>
    </message>
    <message>
        <source>Keep the contact soft</source>
        <translation>Kontakt weich halten</translation>
    </message>
    <message>
        <source>the nozzle was soft enough: wait for %1 °C only if it cooled since</source>
        <translation>die Düse war weich genug: auf %1 °C nur warten, wenn sie seither abgekühlt ist</translation>
    </message>
    <message>
        <source>%1 moved the zero of the coordinates, and a printer that was restarted has forgotten by how much. Keep Z if the printer was never off, or choose another way.</source>
        <translation>%1 hat den Nullpunkt verschoben, und ein neu gestarteter Drucker weiß nicht mehr, um wie viel. Z behalten, wenn der Drucker nie aus war, oder einen anderen Weg wählen.</translation>
    </message>
    <message>
        <source>%1 was given a value that cannot be said again safely. Set it by hand before you start.</source>
        <translation>%1 bekam einen Wert, der sich nicht sicher noch einmal sagen lässt. Vor dem Start von Hand setzen.</translation>
    </message>
    <message>
        <source>The rest of the file goes back to the G-code state &quot;%1&quot;, which was saved before the stop and is lost. Go on from a point behind it.</source>
        <translation>Der Rest der Datei kehrt zum G-Code-Zustand „%1“ zurück, der vor dem Stehenbleiben gesichert wurde und verloren ist. Hinter dieser Stelle fortfahren.</translation>
    </message>
    <message>
        <source>The file says %1, which Klipper ignores unless a macro of that name exists. It is said again as it stands; pressure advance stays as configured.</source>
        <translation>Die Datei sagt %1, was Klipper übergeht, wenn es kein Makro dieses Namens gibt. Es wird genau so noch einmal gesagt; Pressure Advance bleibt wie eingestellt.</translation>
    </message>
    <message>
        <source>The file counts in workspace %1, whose zero only the printer knows: the travel limits were not checked against it.</source>
        <translation>Die Datei zählt im Arbeitsbereich %1, dessen Nullpunkt nur der Drucker kennt: Die Verfahrgrenzen wurden dagegen nicht geprüft.</translation>
    </message>
    <message>
        <source>Every setting of the file can be brought back.</source>
        <translation>Alle Einstellungen der Datei lassen sich wiederherstellen.</translation>
    </message>
    <message>
        <source>The filament is pulled %1 mm out here, as in the middle of a tool change: the nozzle is empty. Go on from byte %2 instead.</source>
        <translation>Das Filament ist hier %1 mm zurückgezogen, wie mitten in einem Werkzeugwechsel: Die Düse ist leer. Stattdessen ab Byte %2 fortfahren.</translation>
    </message>
    <message>
        <source>Babysteps %1 (mm)</source>
        <translation>Babysteps %1 (mm)</translation>
    </message>
    <message>
        <source>Coordinate shift %1 by G92 (mm)</source>
        <translation>Koordinatenverschiebung %1 durch G92 (mm)</translation>
    </message>
    <message>
        <source>Filament diameter of tool %1 (mm; 0: E is a length)</source>
        <translation>Filamentdurchmesser von Werkzeug %1 (mm; 0: E ist eine Länge)</translation>
    </message>
    <message>
        <source>Setting %1</source>
        <translation>Einstellung %1</translation>
    </message>
    <message>
        <source>Workspace</source>
        <translation>Arbeitsbereich</translation>
    </message>
    <message>
        <source>no machine prints at such a factor</source>
        <translation>mit einem solchen Faktor druckt keine Maschine</translation>
    </message>
    <message>
        <source>an arc cannot be checked here</source>
        <translation>ein Bogen lässt sich hier nicht prüfen</translation>
    </message>
    <message>
        <source>nothing may move across here</source>
        <translation>hier darf sich nichts seitwärts bewegen</translation>
    </message>
    <message>
        <source>nothing may move here: the nozzle may stick to the part</source>
        <translation>hier darf sich nichts bewegen: Die Düse haftet vielleicht am Teil</translation>
    </message>
    <message>
        <source>the nozzle is cold here</source>
        <translation>die Düse ist hier kalt</translation>
    </message>
    <message>
        <source>a relative move from an unknown place</source>
        <translation>eine relative Bewegung von einem unbekannten Ort</translation>
    </message>
    <message>
        <source>below the travel height</source>
        <translation>unter der Verfahrhöhe</translation>
    </message>
    <message>
        <source>outside the travel limits</source>
        <translation>außerhalb der Verfahrgrenzen</translation>
    </message>
    <message>
        <source>homes, probes, starts a print or moves the coordinates</source>
        <translation>referenziert, tastet, startet einen Druck oder verschiebt die Koordinaten</translation>
    </message>
    <message>
        <source>too long for this firmware</source>
        <translation>zu lang für diese Firmware</translation>
    </message>
    <message>
        <source>what it does, only the printer decides</source>
        <translation>was es tut, entscheidet nur der Drucker</translation>
    </message>
    <message>
        <source>one command a line</source>
        <translation>ein Befehl je Zeile</translation>
    </message>
    <message>
        <source>changes the tool</source>
        <translation>ändert das Werkzeug</translation>
    </message>
    <message>
        <source>changes speed limits</source>
        <translation>ändert Geschwindigkeitsgrenzen</translation>
    </message>
    <message>
        <source>changes pressure advance</source>
        <translation>ändert Pressure Advance</translation>
    </message>
    <message>
        <source>changes the bed mesh</source>
        <translation>ändert das Bettnetz</translation>
    </message>
    <message>
        <source>changes an offset</source>
        <translation>ändert einen Versatz</translation>
    </message>
    <message>
        <source>changes a heater</source>
        <translation>ändert eine Heizung</translation>
    </message>
    <message>
        <source>changes objects</source>
        <translation>ändert Objekte</translation>
    </message>
    <message>
        <source>changes how the file is read</source>
        <translation>ändert, wie die Datei gelesen wird</translation>
    </message>
    <message>
        <source>Parks the nozzle and may pull filament back: the way there and back is not checked.</source>
        <translation>Parkt die Düse und zieht vielleicht Filament zurück: Der Weg dorthin und zurück ist nicht geprüft.</translation>
    </message>
    <message>
        <source>Changes the home offsets: every place after it moves.</source>
        <translation>Ändert die Versätze der Referenzpunkte: Jeder Ort danach verschiebt sich.</translation>
    </message>
    <message>
        <source>Goes back to a stored position, which a restart forgets: where it goes is not known here.</source>
        <translation>Fährt zu einer gespeicherten Position zurück, die ein Neustart vergisst: Wohin, ist hier nicht bekannt.</translation>
    </message>
    <message>
        <source>Loads filament: it is pushed out where the nozzle stands.</source>
        <translation>Lädt Filament: Es wird dort ausgestoßen, wo die Düse steht.</translation>
    </message>
    <message>
        <source>Unloads filament: what comes after would print nothing.</source>
        <translation>Entlädt Filament: Was danach kommt, würde nichts drucken.</translation>
    </message>
    <message>
        <source>Stores or runs commands of the printer; a restart forgets those stored before.</source>
        <translation>Speichert Befehle im Drucker oder führt sie aus; ein Neustart vergisst die zuvor gespeicherten.</translation>
    </message>
    <message>
        <source>Changes the steps per millimetre: every distance after it is another one.</source>
        <translation>Ändert die Schritte je Millimeter: Jede Strecke danach ist eine andere.</translation>
    </message>
    <message>
        <source>Changes the offset of the probe: Z means another height once it is homed.</source>
        <translation>Ändert den Versatz des Tasters: Z bedeutet nach dem Referenzieren eine andere Höhe.</translation>
    </message>
    <message>
        <source>Changes the offset of a tool.</source>
        <translation>Ändert den Versatz eines Werkzeugs.</translation>
    </message>
    <message>
        <source>Changes the origin of a workspace: every place after it moves.</source>
        <translation>Ändert den Ursprung eines Arbeitsraums: Jeder Ort danach verschiebt sich.</translation>
    </message>
    <message>
        <source>A command of the printer&apos;s own language: whether and how often the lines below it run, only the printer decides.</source>
        <translation>Ein Befehl der eigenen Sprache des Druckers: Ob und wie oft die Zeilen darunter laufen, entscheidet nur der Drucker.</translation>
    </message>
    <message>
        <source>Starts to print another file, from its beginning: it homes over the part.</source>
        <translation>Beginnt eine andere Datei von vorn zu drucken: Sie referenziert über dem Teil.</translation>
    </message>
    <message>
        <source>Coordinates without a command: only a machine that is set to milling or laser moves there.</source>
        <translation>Koordinaten ohne Befehl: Nur eine auf Fräsen oder Laser eingestellte Maschine fährt dorthin.</translation>
    </message>
    <message>
        <source>Has a value that only the printer works out: where it goes or what it sets is not known here.</source>
        <translation>Hat einen Wert, den nur der Drucker errechnet: Wohin es geht oder was es setzt, ist hier nicht bekannt.</translation>
    </message>
    <message>
        <source>Inches</source>
        <translation>Zoll</translation>
    </message>
    <message>
        <source>Plane of arcs</source>
        <translation>Ebene der Bögen</translation>
    </message>
    <message>
        <source>Offsets of the tools (mm)</source>
        <translation>Versätze der Werkzeuge (mm)</translation>
    </message>
    <message>
        <source>A line without a command of its own, at which nothing can begin</source>
        <translation>Eine Zeile ohne eigenen Befehl, an der nichts beginnen kann</translation>
    </message>
    <message>
        <source>Place of what was printed</source>
        <translation>Ort dessen, was gedruckt wurde</translation>
    </message>
    <message>
        <source>A condition of the file (if, while), in the middle of which nothing can begin</source>
        <translation>Eine Bedingung der Datei (if, while), in deren Mitte nichts beginnen kann</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::CandidateModel</name>
    <message>
        <source>%1 mm</source>
        <extracomment>the likely length, then what it is at most</extracomment>
        <translation>%1 mm</translation>
    </message>
    <message>
        <source>Go on at</source>
        <translation>Weiter bei</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>Z</source>
        <translation>Z</translation>
    </message>
    <message>
        <source>Byte</source>
        <translation>Byte</translation>
    </message>
    <message>
        <source>Printed twice</source>
        <translation>Doppelt gedruckt</translation>
    </message>
    <message>
        <source>Left open</source>
        <translation>Offen gelassen</translation>
    </message>
    <message>
        <source>Risks</source>
        <translation>Risiken</translation>
    </message>
    <message>
        <source>the first safe travel</source>
        <translation>die erste sichere Leerfahrt</translation>
    </message>
    <message>
        <source>the line it stopped on</source>
        <translation>die Zeile, auf der er stehen blieb</translation>
    </message>
    <message>
        <source>the start of this layer</source>
        <translation>der Anfang dieser Schicht</translation>
    </message>
    <message>
        <source>the start of the layer before</source>
        <translation>der Anfang der Schicht davor</translation>
    </message>
    <message>
        <source>the start of the next layer</source>
        <translation>der Anfang der nächsten Schicht</translation>
    </message>
    <message>
        <source>a chosen line</source>
        <translation>eine gewählte Zeile</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>nicht bekannt</translation>
    </message>
    <message>
        <source>the printer lost power</source>
        <translation>der Drucker verlor den Strom</translation>
    </message>
    <message>
        <source>the link was lost, the printer stayed on</source>
        <translation>die Verbindung riss ab, der Drucker blieb an</translation>
    </message>
    <message>
        <source>the printer's host stopped</source>
        <translation>der Rechner des Druckers blieb stehen</translation>
    </message>
    <message>
        <source>printer and host lost power</source>
        <translation>Drucker und Rechner verloren den Strom</translation>
    </message>
    <message>
        <source>the motors lost their supply, the logic stayed on</source>
        <translation>die Motoren verloren ihre Versorgung, die Logik blieb an</translation>
    </message>
    <message>
        <source>emergency stop</source>
        <translation>Nothalt</translation>
    </message>
    <message>
        <source>the firmware shut down</source>
        <translation>die Firmware schaltete ab</translation>
    </message>
    <message>
        <source>%1 (≤ %2) mm</source>
        <translation>%1 (≤ %2) mm</translation>
    </message>
    <message>
        <source>%1 (recommended)</source>
        <translation>%1 (empfohlen)</translation>
    </message>
    <message>
        <source>Prints</source>
        <translation>Druckt</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>Zeile</translation>
    </message>
    <message>
        <source>the start of this line group</source>
        <translation>der Anfang dieser Liniengruppe</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::FieldModel</name>
    <message>
        <source>must be known before a resume</source>
        <translation>muss vor dem Fortsetzen bekannt sein</translation>
    </message>
    <message>
        <source>printer said %1, file says %2</source>
        <translation>Drucker sagte %1, Datei sagt %2</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>Field</source>
        <translation>Feld</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Origin</source>
        <translation>Herkunft</translation>
    </message>
    <message>
        <source>Remark</source>
        <translation>Bemerkung</translation>
    </message>
    <message>
        <source>%1 °C, target %2</source>
        <extracomment>a heater now: measured temperature, then its target</extracomment>
        <translation>%1 °C, Ziel %2</translation>
    </message>
    <message>
        <source>%1 °C</source>
        <translation>%1 °C</translation>
    </message>
    <message>
        <source>not homed</source>
        <translation>nicht referenziert</translation>
    </message>
    <message>
        <source>Will be</source>
        <translation>Wird</translation>
    </message>
    <message>
        <source>Printer now</source>
        <translation>Drucker jetzt</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::FileCache</name>
    <message>
        <source>Reading %1</source>
        <translation>%1 wird gelesen</translation>
    </message>
    <message>
        <source>Fetching %1</source>
        <translation>%1 wird geholt</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::GateModel</name>
    <message>
        <source>for information</source>
        <translation>zur Kenntnis</translation>
    </message>
    <message>
        <source>passed</source>
        <translation>bestanden</translation>
    </message>
    <message>
        <source>blocks</source>
        <translation>sperrt</translation>
    </message>
    <message>
        <source>warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>Prüfung</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>Gemessen</translation>
    </message>
    <message>
        <source>Limit</source>
        <translation>Grenze</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::JournalModel</name>
    <message>
        <source>sent, nothing known yet</source>
        <translation>gesendet, noch nichts bekannt</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>Aktion</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>Gesendet</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>Ausgang</translation>
    </message>
    <message>
        <source>Took</source>
        <translation>Dauer</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::PlanModel</name>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>G-code</source>
        <translation>G-Code</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
    <message>
        <source>Numbers from</source>
        <translation>Zahlen aus</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::PrinterListModel</name>
    <message>
        <source>%1 %2 %, %3</source>
        <translation>%1 %2 %, %3</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>offline</source>
        <translation>offline</translation>
    </message>
    <message>
        <source>connecting</source>
        <translation>verbindet</translation>
    </message>
    <message>
        <source>error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>startet</translation>
    </message>
    <message>
        <source>shut down</source>
        <translation>abgeschaltet</translation>
    </message>
    <message>
        <source>idle</source>
        <translation>bereit</translation>
    </message>
    <message>
        <source>printing</source>
        <translation>druckt</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>pausiert</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>unterbrochen</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::ResumeRun</name>
    <message>
        <source>Failed: %1</source>
        <translation>Fehlgeschlagen: %1</translation>
    </message>
    <message>
        <source>Emergency stop</source>
        <translation>Nothalt</translation>
    </message>
    <message>
        <source>not sent</source>
        <translation>nicht gesendet</translation>
    </message>
    <message>
        <source>%1 from byte %2</source>
        <translation>%1 ab Byte %2</translation>
    </message>
    <message>
        <source>Start %1</source>
        <translation>%1 starten</translation>
    </message>
    <message>
        <source>Step %1: %2</source>
        <translation>Schritt %1: %2</translation>
    </message>
    <message>
        <source>Stop, lift, keep the bed</source>
        <translation>Anhalten, abheben, Bett halten</translation>
    </message>
    <message>
        <source>Not lifted: the printer does not know where Z is, or there is no room</source>
        <translation>Nicht abgehoben: Der Drucker weiß nicht, wo Z ist, oder es fehlt der Platz</translation>
    </message>
    <message>
        <source>Resume finished: the print is complete.</source>
        <translation>Fortsetzung beendet: Der Druck ist vollständig.</translation>
    </message>
    <message>
        <source>Resume ended: %1</source>
        <translation>Fortsetzung endete: %1</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::Session</name>
    <message>
        <source>%1 is printing, but klipper-plr is not saving. Enable it to keep the plugin's own states.</source>
        <translation>%1 druckt, aber klipper-plr sichert nicht. Einschalten, um auch die Stände des Plugins zu behalten.</translation>
    </message>
    <message>
        <source>When the program last ended this was under way and its end was not seen: %1 (%2, %3).</source>
        <translation>Als das Programm zuletzt endete, war dies im Gange und das Ende wurde nicht gesehen: %1 (%2, %3).</translation>
    </message>
    <message>
        <source>not known: the program ended before the answer came</source>
        <translation>nicht bekannt: Das Programm endete, bevor die Antwort kam</translation>
    </message>
    <message>
        <source>%1 to %2 °C</source>
        <translation>%1 auf %2 °C</translation>
    </message>
    <message>
        <source>No heater of %1 is on now.</source>
        <translation>An %1 ist jetzt keine Heizung an.</translation>
    </message>
    <message>
        <source>%1 is heating now: %2. Switch it off in the console or go on with the resume.</source>
        <translation>%1 heizt jetzt: %2. In der Konsole ausschalten oder mit dem Fortsetzen weitermachen.</translation>
    </message>
    <message>
        <source>answered ok, but the host is not ready any more</source>
        <translation>mit ok beantwortet, aber der Rechner ist nicht mehr bereit</translation>
    </message>
    <message>
        <source>ok; the printer does not know: %1</source>
        <translation>ok; der Drucker kennt nicht: %1</translation>
    </message>
    <message>
        <source>The bed of %1 should be off by now, but that could not be sent: %2</source>
        <translation>Das Bett von %1 sollte jetzt aus sein, aber das ließ sich nicht senden: %2</translation>
    </message>
</context>
<context>
    <name>kintsugi::app::SnapshotModel</name>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>%1 mm</source>
        <translation>%1 mm</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>agrees with the file</source>
        <translation>stimmt mit der Datei überein</translation>
    </message>
    <message numerus="yes">
        <source>%n field(s) differ from the file</source>
        <translation>
            <numerusform>%n Feld weicht von der Datei ab</numerusform>
            <numerusform>%n Felder weichen von der Datei ab</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>pinned</source>
        <translation>angeheftet</translation>
    </message>
    <message>
        <source>not pinned</source>
        <translation>nicht angeheftet</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>Z</source>
        <translation>Z</translation>
    </message>
    <message>
        <source>Byte</source>
        <translation>Byte</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>Known</source>
        <translation>Bekannt</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Age when saved</source>
        <translation>Alter beim Sichern</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Notiz</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>Heften</translation>
    </message>
    <message>
        <source>recorder</source>
        <translation>Rekorder</translation>
    </message>
    <message>
        <source>plugin</source>
        <translation>Plugin</translation>
    </message>
    <message>
        <source>firmware</source>
        <translation>Firmware</translation>
    </message>
    <message>
        <source>file</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>observed</source>
        <translation>beobachtet</translation>
    </message>
    <message>
        <source>replayed</source>
        <translation>nachvollzogen</translation>
    </message>
    <message>
        <source>inferred</source>
        <translation>geschlossen</translation>
    </message>
    <message>
        <source>edited</source>
        <translation>geändert</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::AddPrinterDialog</name>
    <message>
        <source>Add a printer</source>
        <translation>Drucker hinzufügen</translation>
    </message>
    <message>
        <source>A&amp;ddress</source>
        <translation>A&amp;dresse</translation>
    </message>
    <message>
        <source>voron.local or 192.168.1.20:7125</source>
        <translation>voron.local oder 192.168.1.20:7125</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <source>The name or number you open in the browser for Mainsail or Fluidd. The port is 7125 unless you changed it. Write moonrakers:// in front for an encrypted connection.</source>
        <translation>Der Name oder die Nummer, die Sie im Browser für Mainsail oder Fluidd öffnen. Der Port ist 7125, wenn Sie ihn nicht geändert haben. Für eine verschlüsselte Verbindung moonrakers:// davorschreiben.</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>&amp;Name</translation>
    </message>
    <message>
        <source>as you call it</source>
        <translation>wie Sie ihn nennen</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>API &amp;key</source>
        <translation>API-&amp;Schlüssel</translation>
    </message>
    <message>
        <source>only when the printer asks for one</source>
        <translation>nur wenn der Drucker danach fragt</translation>
    </message>
    <message>
        <source>API key</source>
        <translation>API-Schlüssel</translation>
    </message>
    <message>
        <source>&amp;User</source>
        <translation>&amp;Benutzer</translation>
    </message>
    <message>
        <source>only when the printer asks for a login</source>
        <translation>nur wenn der Drucker eine Anmeldung verlangt</translation>
    </message>
    <message>
        <source>User</source>
        <translation>Benutzer</translation>
    </message>
    <message>
        <source>&amp;Password</source>
        <translation>&amp;Passwort</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>Passwort</translation>
    </message>
    <message>
        <source>Keys and passwords go to the keychain of your desktop, never into a file of this program.</source>
        <translation>Schlüssel und Passwörter kommen in den Schlüsselbund Ihres Desktops, nie in eine Datei dieses Programms.</translation>
    </message>
    <message>
        <source>&amp;Test the connection</source>
        <translation>&amp;Verbindung prüfen</translation>
    </message>
    <message>
        <source>Result of the test</source>
        <translation>Ergebnis der Prüfung</translation>
    </message>
    <message>
        <source>Add the printer</source>
        <translation>Drucker hinzufügen</translation>
    </message>
    <message>
        <source>Connected. Klipper %1 is ready.</source>
        <translation>Verbunden. Klipper %1 ist bereit.</translation>
    </message>
    <message>
        <source>Connected, but Klipper is not ready: %1</source>
        <translation>Verbunden, aber Klipper ist nicht bereit: %1</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>Verbindet …</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::CaliperEntry</name>
    <message>
        <source>Heights measured on the part</source>
        <translation>Am Teil gemessene Höhen</translation>
    </message>
    <message>
        <source>Height, mm</source>
        <translation>Höhe, mm</translation>
    </message>
    <message>
        <source>X, mm</source>
        <translation>X, mm</translation>
    </message>
    <message>
        <source>Y, mm</source>
        <translation>Y, mm</translation>
    </message>
    <message>
        <source>Without X and Y the reading is taken at the highest printed place</source>
        <translation>Ohne X und Y gilt die Messung für die höchste gedruckte Stelle</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Dazu</translation>
    </message>
    <message>
        <source>Add a reading</source>
        <translation>Messung hinzufügen</translation>
    </message>
    <message>
        <source>Rem&amp;ove</source>
        <translation>&amp;Weg</translation>
    </message>
    <message>
        <source>Removes the reading that is marked</source>
        <translation>Entfernt die markierte Messung</translation>
    </message>
    <message>
        <source>Place by click</source>
        <translation>Stelle per Klick</translation>
    </message>
    <message>
        <source>The next click on the part gives X and Y of the marked reading; they can be typed too</source>
        <translation>Der nächste Klick auf das Teil gibt X und Y der markierten Messung; sie lassen sich auch eintippen</translation>
    </message>
    <message>
        <source>&amp;Find the layer</source>
        <translation>Schicht &amp;suchen</translation>
    </message>
    <message>
        <source>Progress of the search</source>
        <translation>Fortschritt der Suche</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Layers that fit the readings</source>
        <translation>Schichten, die zu den Messungen passen</translation>
    </message>
    <message>
        <source>Printed up to</source>
        <translation>Gedruckt bis</translation>
    </message>
    <message>
        <source>Expected at the readings</source>
        <translation>Erwartet an den Messstellen</translation>
    </message>
    <message>
        <source>Largest difference</source>
        <translation>Größter Unterschied</translation>
    </message>
    <message>
        <source>Go on a&amp;fter this layer</source>
        <translation>N&amp;ach dieser Schicht weiter</translation>
    </message>
    <message>
        <source>Reading %1 is not complete: a height in mm, and X and Y both or neither.</source>
        <translation>Messung %1 ist nicht vollständig: eine Höhe in mm, und X und Y beide oder keines.</translation>
    </message>
    <message>
        <source>Type a height measured on the part first.</source>
        <translation>Erst eine am Teil gemessene Höhe eintippen.</translation>
    </message>
    <message>
        <source>%1 (%2%3)</source>
        <extracomment>expected height in mm, then how much more or less was measured</extracomment>
        <translation>%1 (%2%3)</translation>
    </message>
    <message>
        <source>Best first. Plastic shrinks and a first layer is pressed flat: some hundredths are normal.</source>
        <translation>Die beste zuerst. Kunststoff schrumpft und eine erste Schicht wird flach gedrückt: Einige Hundertstel sind normal.</translation>
    </message>
    <message>
        <source>No layer of this file explains these heights. Measure again, and say where.</source>
        <translation>Keine Schicht dieser Datei erklärt diese Höhen. Noch einmal messen, und sagen, wo.</translation>
    </message>
    <message>
        <source>That is the last layer: the part is complete, nothing is left to print.</source>
        <translation>Das ist die letzte Schicht: Das Teil ist fertig, es bleibt nichts zu drucken.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::ConsolePage</name>
    <message>
        <source>&amp;Send</source>
        <translation>&amp;Senden</translation>
    </message>
    <message>
        <source>Console of the printer</source>
        <translation>Konsole des Druckers</translation>
    </message>
    <message>
        <source>&amp;Command</source>
        <translation>&amp;Befehl</translation>
    </message>
    <message>
        <source>Command to send</source>
        <translation>Zu sendender Befehl</translation>
    </message>
    <message>
        <source>one line of G-code; it is written to the journal first</source>
        <translation>eine Zeile G-Code; sie kommt zuerst ins Journal</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::DemoPanel</name>
    <message>
        <source>&amp;Start demo print</source>
        <translation>&amp;Demodruck starten</translation>
    </message>
    <message>
        <source>Drop &amp;link</source>
        <translation>&amp;Verbindung kappen</translation>
    </message>
    <message>
        <source>Demo printer</source>
        <translation>Demodrucker</translation>
    </message>
    <message>
        <source>Cuts the connection for a few seconds</source>
        <translation>Kappt die Verbindung für einige Sekunden</translation>
    </message>
    <message>
        <source>S&amp;peed</source>
        <translation>T&amp;empo</translation>
    </message>
    <message>
        <source>Speed of the simulated time</source>
        <translation>Tempo der simulierten Zeit</translation>
    </message>
    <message>
        <source>%1×</source>
        <translation>%1×</translation>
    </message>
    <message>
        <source>&amp;Cut the power</source>
        <translation>S&amp;trom kappen</translation>
    </message>
    <message>
        <source>&amp;Restore power</source>
        <translation>S&amp;trom wieder an</translation>
    </message>
    <message>
        <source>Crash &amp;host</source>
        <translation>&amp;Rechner abstürzen lassen</translation>
    </message>
    <message>
        <source>Start &amp;host</source>
        <translation>&amp;Rechner starten</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::FileWindow</name>
    <message>
        <source>Klipper</source>
        <translation>Klipper</translation>
    </message>
    <message>
        <source>Marlin 2, Prusa Buddy</source>
        <translation>Marlin 2, Prusa Buddy</translation>
    </message>
    <message>
        <source>Prusa MK3, 8 bit</source>
        <translation>Prusa MK3, 8 Bit</translation>
    </message>
    <message>
        <source>RepRapFirmware</source>
        <translation>RepRapFirmware</translation>
    </message>
    <message>
        <source>Marlin 1.1, Repetier</source>
        <translation>Marlin 1.1, Repetier</translation>
    </message>
    <message>
        <source>Firmware</source>
        <translation>Firmware</translation>
    </message>
    <message>
        <source>Limits of</source>
        <translation>Grenzen von</translation>
    </message>
    <message>
        <source>a printer that is not in the list</source>
        <translation>ein Drucker, der nicht in der Liste ist</translation>
    </message>
    <message>
        <source>&amp;Firmware</source>
        <translation>&amp;Firmware</translation>
    </message>
    <message>
        <source>&amp;Limits of</source>
        <translation>&amp;Grenzen von</translation>
    </message>
    <message>
        <source>Progress of the reading</source>
        <translation>Fortschritt des Lesens</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Layer shown</source>
        <translation>Gezeigte Schicht</translation>
    </message>
    <message>
        <source>The guessed temperatures are right</source>
        <translation>Die vermuteten Temperaturen stimmen</translation>
    </message>
    <message>
        <source>State and plan</source>
        <translation>Zustand und Plan</translation>
    </message>
    <message>
        <source>State at this point</source>
        <translation>Zustand an dieser Stelle</translation>
    </message>
    <message>
        <source>G-code that is sent before the original continues</source>
        <translation>G-Code, der gesendet wird, bevor das Original weitergeht</translation>
    </message>
    <message>
        <source>&amp;State</source>
        <translation>&amp;Zustand</translation>
    </message>
    <message>
        <source>&amp;Plan</source>
        <translation>&amp;Plan</translation>
    </message>
    <message>
        <source>Recovery &amp;markers…</source>
        <translation>&amp;Marken zum Fortsetzen …</translation>
    </message>
    <message>
        <source>How the height becomes true again</source>
        <translation>Wie die Höhe wieder stimmt</translation>
    </message>
    <message>
        <source>the printer kept its height</source>
        <translation>der Drucker hat seine Höhe behalten</translation>
    </message>
    <message>
        <source>the nozzle touches the part at</source>
        <translation>die Düse berührt das Teil bei</translation>
    </message>
    <message>
        <source>Height of the nozzle now, mm</source>
        <translation>Höhe der Düse jetzt, mm</translation>
    </message>
    <message>
        <source> mm</source>
        <translation> mm</translation>
    </message>
    <message>
        <source>Save a &amp;resume file…</source>
        <translation>Fort&amp;setzungsdatei speichern …</translation>
    </message>
    <message>
        <source>&amp;Z:</source>
        <translation>&amp;Z:</translation>
    </message>
    <message>
        <source>The resume file was saved as %1.</source>
        <translation>Die Fortsetzungsdatei wurde gespeichert als %1.</translation>
    </message>
    <message>
        <source>%1 – Kintsugi</source>
        <extracomment>%1 is a file name</extracomment>
        <translation>%1 – Kintsugi</translation>
    </message>
    <message>
        <source>slicer not known</source>
        <translation>Slicer nicht bekannt</translation>
    </message>
    <message>
        <source>%1 of text in %2</source>
        <extracomment>size of the decoded text; what wraps it</extracomment>
        <translation>%1 Text in %2</translation>
    </message>
    <message>
        <source>gzip</source>
        <translation>gzip</translation>
    </message>
    <message>
        <source>binary G-code</source>
        <translation>binärem G-Code</translation>
    </message>
    <message numerus="yes">
        <source>%Ln line(s)</source>
        <translation>
            <numerusform>%Ln Zeile</numerusform>
            <numerusform>%Ln Zeilen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s)</source>
        <translation>
            <numerusform>%n Schicht</numerusform>
            <numerusform>%n Schichten</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 high</source>
        <translation>%1 hoch</translation>
    </message>
    <message>
        <source>%1 m of filament</source>
        <translation>%1 m Filament</translation>
    </message>
    <message>
        <source>about %1</source>
        <translation>etwa %1</translation>
    </message>
    <message numerus="yes">
        <source>%n object(s)</source>
        <translation>
            <numerusform>%n Objekt</numerusform>
            <numerusform>%n Objekte</numerusform>
        </translation>
    </message>
    <message>
        <source>Choose a point: click on the part, or type what you know.</source>
        <translation>Eine Stelle wählen: auf das Teil klicken oder eintippen, was Sie wissen.</translation>
    </message>
    <message>
        <source>That point is refused. %1</source>
        <translation>Diese Stelle wird abgelehnt. %1</translation>
    </message>
    <message>
        <source>Goes on at %1, line %2, byte %3</source>
        <translation>Geht weiter bei %1, Zeile %2, Byte %3</translation>
    </message>
    <message>
        <source>No risk is known at this line.</source>
        <translation>An dieser Zeile ist kein Risiko bekannt.</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>The &amp;guessed temperatures are right: %1</source>
        <translation>Die &amp;vermuteten Temperaturen stimmen: %1</translation>
    </message>
    <message>
        <source>confirmed</source>
        <translation>bestätigt</translation>
    </message>
    <message>
        <source>Save a resume file</source>
        <translation>Fortsetzungsdatei speichern</translation>
    </message>
    <message>
        <source>G-code (*.gcode *.bgcode)</source>
        <translation>G-Code (*.gcode *.bgcode)</translation>
    </message>
    <message>
        <source>The file has changed since it was read, and is read again. Choose the point anew.</source>
        <translation>Die Datei hat sich geändert, seit sie gelesen wurde, und wird noch einmal gelesen. Die Stelle neu wählen.</translation>
    </message>
    <message>
        <source>Layer at %1; nozzle travelling at %2.</source>
        <translation>Schicht auf %1; Düse unterwegs auf %2.</translation>
    </message>
    <message>
        <source>Layer at %1; nozzle still at %2.</source>
        <translation>Schicht auf %1; Düse noch auf %2.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::GatePage</name>
    <message>
        <source>Printer and part</source>
        <translation>Drucker und Teil</translation>
    </message>
    <message>
        <source>Look at the part and tick what is true. A hot bed holds a part that a cold one lets go: push after it is warm.</source>
        <translation>Das Teil ansehen und ankreuzen, was stimmt. Ein heißes Bett hält ein Teil, das ein kaltes loslässt: drücken, wenn es warm ist.</translation>
    </message>
    <message>
        <source>The part sits &amp;firmly: I pushed it with the bed warm</source>
        <translation>Das Teil sitzt &amp;fest: Ich habe bei warmem Bett daran gedrückt</translation>
    </message>
    <message>
        <source>Nobody has &amp;moved the head, the bed or the part since the stop</source>
        <translation>Seit dem Stehenbleiben hat niemand Kopf, Bett oder Teil be&amp;wegt</translation>
    </message>
    <message>
        <source>Checks</source>
        <translation>Prüfungen</translation>
    </message>
    <message>
        <source>Checks before the start</source>
        <translation>Prüfungen vor dem Start</translation>
    </message>
    <message>
        <source>&amp;Check again</source>
        <translation>Noch einmal &amp;prüfen</translation>
    </message>
    <message>
        <source>The checks run as soon as the height of the nozzle is declared, on the next page.</source>
        <translation>Die Prüfungen laufen, sobald die Höhe der Düse angegeben ist, auf der nächsten Seite.</translation>
    </message>
    <message>
        <source>Not checked yet.</source>
        <translation>Noch nicht geprüft.</translation>
    </message>
    <message numerus="yes">
        <source>%n check(s) forbid the start. Each says what to do.</source>
        <translation>
            <numerusform>%n Prüfung verbietet den Start. Sie sagt, was zu tun ist.</numerusform>
            <numerusform>%n Prüfungen verbieten den Start. Jede sagt, was zu tun ist.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Nothing forbids the start. %n warning(s): read them.</source>
        <translation>
            <numerusform>Nichts verbietet den Start. %n Warnung: bitte lesen.</numerusform>
            <numerusform>Nichts verbietet den Start. %n Warnungen: bitte lesen.</numerusform>
        </translation>
    </message>
    <message>
        <source>Nothing forbids the start.</source>
        <translation>Nichts verbietet den Start.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::HappenedPage</name>
    <message>
        <source>What happened</source>
        <translation>Was geschah</translation>
    </message>
    <message>
        <source>What happened?</source>
        <translation>Was ist geschehen?</translation>
    </message>
    <message>
        <source>Likely causes, by what was recorded</source>
        <translation>Wahrscheinliche Ursachen nach der Aufzeichnung</translation>
    </message>
    <message>
        <source>What only you can know</source>
        <translation>Was nur Sie wissen können</translation>
    </message>
    <message>
        <source>The &amp;nozzle</source>
        <translation>Die &amp;Düse</translation>
    </message>
    <message>
        <source>Where the nozzle is</source>
        <translation>Wo die Düse ist</translation>
    </message>
    <message>
        <source>I do not know</source>
        <translation>Das weiß ich nicht</translation>
    </message>
    <message>
        <source>still touches the part</source>
        <translation>berührt noch das Teil</translation>
    </message>
    <message>
        <source>is lifted off the part</source>
        <translation>ist vom Teil abgehoben</translation>
    </message>
    <message>
        <source>Nobody has &amp;moved the head, the bed or the part since</source>
        <translation>Seither hat niemand Kopf, Bett oder Teil be&amp;wegt</translation>
    </message>
    <message>
        <source>No interrupted print is open. Choose one in the timeline, then press Resume from here.</source>
        <translation>Kein unterbrochener Druck ist offen. Einen in der Zeitleiste wählen, dann „Von hier fortsetzen“ drücken.</translation>
    </message>
    <message>
        <source>%1 stopped %2, on %3.</source>
        <translation>%1 blieb %2 stehen, am %3.</translation>
    </message>
    <message>
        <source>%1 stopped.</source>
        <translation>%1 blieb stehen.</translation>
    </message>
    <message>
        <source>Now: %1.</source>
        <translation>Jetzt: %1.</translation>
    </message>
    <message>
        <source>The temperatures are not known yet.</source>
        <translation>Die Temperaturen sind noch nicht bekannt.</translation>
    </message>
    <message>
        <source>Reading what was recorded…</source>
        <translation>Die Aufzeichnung wird gelesen …</translation>
    </message>
    <message>
        <source>Nothing was recorded about the stop.</source>
        <translation>Über das Stehenbleiben wurde nichts aufgezeichnet.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::JournalPage</name>
    <message>
        <source>Every command is written here before it is sent. A line without an outcome was under way when the link or this program ended.</source>
        <translation>Jeder Befehl steht hier, bevor er gesendet wird. Eine Zeile ohne Ausgang war im Gange, als die Verbindung oder dieses Programm endete.</translation>
    </message>
    <message>
        <source>Journal, newest first</source>
        <translation>Journal, Neuestes zuerst</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::MainWindow</name>
    <message>
        <source>Kintsugi</source>
        <translation>Kintsugi</translation>
    </message>
    <message>
        <source>&amp;Printers</source>
        <translation>&amp;Drucker</translation>
    </message>
    <message>
        <source>Printers</source>
        <translation>Drucker</translation>
    </message>
    <message>
        <source>&amp;Add a printer…</source>
        <translation>Drucker &amp;hinzufügen …</translation>
    </message>
    <message>
        <source>Re&amp;move…</source>
        <translation>&amp;Entfernen …</translation>
    </message>
    <message>
        <source>Removes the chosen printer from the list; its history stays</source>
        <translation>Nimmt den gewählten Drucker aus der Liste; seine Aufzeichnung bleibt</translation>
    </message>
    <message>
        <source>Tool bar</source>
        <translation>Werkzeugleiste</translation>
    </message>
    <message>
        <source>Emergency stop</source>
        <translation>Nothalt</translation>
    </message>
    <message>
        <source>Ctrl+Shift+E. Everything off at once, heaters too</source>
        <translation>Strg+Umschalt+E. Alles sofort aus, auch die Heizungen</translation>
    </message>
    <message>
        <source>%1 – Kintsugi</source>
        <translation>%1 – Kintsugi</translation>
    </message>
    <message>
        <source>Remove the printer</source>
        <translation>Drucker entfernen</translation>
    </message>
    <message>
        <source>Remove %1 from the list?</source>
        <translation>%1 aus der Liste entfernen?</translation>
    </message>
    <message>
        <source>What was recorded of it stays. The printer itself goes on with what it does.</source>
        <translation>Was von ihm aufgezeichnet wurde, bleibt. Der Drucker selbst macht weiter, was er tut.</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>Open G-code…</source>
        <translation>G-Code öffnen …</translation>
    </message>
    <message>
        <source>Looks at a file of this computer without a printer; a file can be dropped on the window too</source>
        <translation>Sieht eine Datei dieses Rechners ohne Drucker an; eine Datei lässt sich auch auf das Fenster ziehen</translation>
    </message>
    <message>
        <source>Open G-code</source>
        <translation>G-Code öffnen</translation>
    </message>
    <message>
        <source>G-code (*.gcode *.gco *.g *.bgcode *.gz);;All files (*)</source>
        <translation>G-Code (*.gcode *.gco *.g *.bgcode *.gz);;Alle Dateien (*)</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::MarkersDialog</name>
    <message>
        <source>Recovery markers</source>
        <translation>Marken zum Fortsetzen</translation>
    </message>
    <message>
        <source>Markers for klipper-plr</source>
        <translation>Marken für klipper-plr</translation>
    </message>
    <message>
        <source>The plugin saves the state of a print only in files that have its markers. This program needs none: it records by itself.</source>
        <translation>Das Plugin sichert den Zustand eines Drucks nur bei Dateien, die seine Marken haben. Dieses Programm braucht keine: Es zeichnet selbst auf.</translation>
    </message>
    <message>
        <source>%1 cannot be saved by the plugin as it is.</source>
        <extracomment>%1 is a file name</extracomment>
        <translation>%1 kann das Plugin so nicht sichern.</translation>
    </message>
    <message>
        <source>%1 has all that the plugin needs.</source>
        <translation>%1 hat alles, was das Plugin braucht.</translation>
    </message>
    <message>
        <source>%1 has the markers; the plugin saves by time, not at layers.</source>
        <translation>%1 hat die Marken; das Plugin sichert nach Zeit, nicht bei Schichten.</translation>
    </message>
    <message>
        <source>What was found in this file</source>
        <translation>Was in dieser Datei gefunden wurde</translation>
    </message>
    <message>
        <source>good</source>
        <translation>gut</translation>
    </message>
    <message>
        <source>missing or wrong</source>
        <translation>fehlt oder falsch</translation>
    </message>
    <message>
        <source>Put this into the slicer's profile and every new file has them:</source>
        <translation>Dies ins Profil des Slicers setzen, und jede neue Datei hat sie:</translation>
    </message>
    <message>
        <source>Slicers</source>
        <translation>Slicer</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the text for: %1</source>
        <translation>Den Text kopieren für: %1</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>Kopiert.</translation>
    </message>
    <message>
        <source>&amp;Make a prepared copy…</source>
        <translation>Vorbereitete &amp;Kopie anlegen …</translation>
    </message>
    <message>
        <source>Writes a new file with markers and layer hooks; the file itself is only read</source>
        <translation>Schreibt eine neue Datei mit Marken und Schichtbefehlen; die Datei selbst wird nur gelesen</translation>
    </message>
    <message>
        <source>Progress of the copy</source>
        <translation>Fortschritt der Kopie</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Prepared copy</source>
        <translation>Vorbereitete Kopie</translation>
    </message>
    <message>
        <source>G-code (*.gcode)</source>
        <translation>G-Code (*.gcode)</translation>
    </message>
    <message>
        <source>%1-prepared</source>
        <extracomment>added to a file's name</extracomment>
        <translation>%1-vorbereitet</translation>
    </message>
    <message>
        <source>Written: %1. Print this one; the original is as it was.</source>
        <translation>Geschrieben: %1. Diese drucken; das Original ist, wie es war.</translation>
    </message>
    <message>
        <source>Cancelled: nothing was written.</source>
        <translation>Abgebrochen: Es wurde nichts geschrieben.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::MeshPanel</name>
    <message>
        <source>Bed mesh</source>
        <translation>Bettnetz</translation>
    </message>
    <message>
        <source>What would change in printer.cfg</source>
        <translation>Was sich in printer.cfg ändern würde</translation>
    </message>
    <message>
        <source>Restore &amp;the mesh…</source>
        <translation>Net&amp;z wiederherstellen …</translation>
    </message>
    <message>
        <source>Shows first what would change; nothing is written yet</source>
        <translation>Zeigt erst, was sich ändern würde; noch wird nichts geschrieben</translation>
    </message>
    <message>
        <source>&amp;Write this and restart the host</source>
        <translation>Dies &amp;schreiben und den Rechner neu starten</translation>
    </message>
    <message>
        <source>Writes printer.cfg, keeps the old one beside it, and restarts Klipper: before anything is hot</source>
        <translation>Schreibt printer.cfg, hebt die alte daneben auf und startet Klipper neu: bevor etwas heiß ist</translation>
    </message>
    <message>
        <source>U&amp;ndo: put the old printer.cfg back</source>
        <translation>&amp;Rückgängig: die alte printer.cfg zurücklegen</translation>
    </message>
    <message>
        <source>Reading printer.cfg…</source>
        <translation>printer.cfg wird gelesen …</translation>
    </message>
    <message>
        <source>These lines would be added to printer.cfg. Nothing is written yet.</source>
        <translation>Diese Zeilen kämen in printer.cfg dazu. Noch ist nichts geschrieben.</translation>
    </message>
    <message>
        <source>Writing printer.cfg…</source>
        <translation>printer.cfg wird geschrieben …</translation>
    </message>
    <message>
        <source>The host restarts…</source>
        <translation>Der Rechner startet neu …</translation>
    </message>
    <message>
        <source>The mesh is there again as the profile %1. The old printer.cfg is kept as %2.</source>
        <translation>Das Netz ist als Profil %1 wieder da. Die alte printer.cfg liegt als %2 daneben.</translation>
    </message>
    <message>
        <source>Putting the old printer.cfg back…</source>
        <translation>Die alte printer.cfg wird zurückgelegt …</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::MessageBar</name>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>Dismiss this message</source>
        <translation>Diese Meldung schließen</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>What can be done</source>
        <translation>Was man tun kann</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Notiz</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::OwnLinesPanel</name>
    <message>
        <source>Lines of your own at four places. They are executed in thought like the plan's own steps; lines that home or probe are refused.</source>
        <translation>Eigene Zeilen an vier Stellen. Sie werden wie die Schritte des Plans in Gedanken ausgeführt; Zeilen, die referenzieren oder tasten, werden abgelehnt.</translation>
    </message>
    <message>
        <source>Before anything heats</source>
        <translation>Bevor etwas heizt</translation>
    </message>
    <message>
        <source>The nozzle may stick to the part: nothing may move.</source>
        <translation>Die Düse kann am Teil kleben: Nichts darf sich bewegen.</translation>
    </message>
    <message>
        <source>After the lift</source>
        <translation>Nach dem Anheben</translation>
    </message>
    <message>
        <source>X and Y may not be homed: Z alone, upwards.</source>
        <translation>X und Y sind vielleicht nicht referenziert: nur Z, nach oben.</translation>
    </message>
    <message>
        <source>After Z is registered</source>
        <translation>Wenn Z wieder stimmt</translation>
    </message>
    <message>
        <source>The nozzle is cold: no extrusion, nothing below the travel height.</source>
        <translation>Die Düse ist kalt: kein Extrudieren, nichts unter der Fahrhöhe.</translation>
    </message>
    <message>
        <source>Before the first plastic</source>
        <translation>Vor dem ersten Kunststoff</translation>
    </message>
    <message>
        <source>Hot, beside the print, before the prime.</source>
        <translation>Heiß, neben dem Druck, vor dem Anspülen.</translation>
    </message>
    <message>
        <source>&amp;Fill in what the printer's configuration runs</source>
        <translation>&amp;Eintragen, was die Konfiguration des Druckers ausführt</translation>
    </message>
    <message>
        <source>Lines of before_resume_gcode and after_resume_gcode, to look at and change</source>
        <translation>Zeilen aus before_resume_gcode und after_resume_gcode, zum Ansehen und Ändern</translation>
    </message>
    <message>
        <source>&amp;Use these lines</source>
        <translation>Diese Zeilen &amp;benutzen</translation>
    </message>
    <message>
        <source>Line %1 is refused here: %2</source>
        <translation>Zeile %1 wird hier abgelehnt: %2</translation>
    </message>
    <message>
        <source>Runs unchecked, nobody knows what it does: %1</source>
        <translation>Läuft ungeprüft, niemand weiß, was es tut: %1</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::PartView</name>
    <message>
        <source>Reading the file of the print: %1 %</source>
        <translation>Die Datei des Drucks wird gelesen: %1 %</translation>
    </message>
    <message>
        <source>Part, one layer seen from above</source>
        <translation>Teil, eine Schicht von oben gesehen</translation>
    </message>
    <message>
        <source>No layer to show</source>
        <translation>Keine Schicht zu zeigen</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>Layer %1, Z %2 mm, going on from byte %3</source>
        <translation>Schicht %1, Z %2 mm, weiter ab Byte %3</translation>
    </message>
    <message>
        <source>Layer %1, Z %2 mm</source>
        <translation>Schicht %1, Z %2 mm</translation>
    </message>
    <message>
        <source>The part shows here once the file of the print is read.</source>
        <translation>Das Teil erscheint hier, sobald die Datei des Drucks gelesen ist.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::PlanPage</name>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>The plan</source>
        <translation>Der Plan</translation>
    </message>
    <message>
        <source>Views of the plan</source>
        <translation>Ansichten des Plans</translation>
    </message>
    <message>
        <source>Steps of the plan</source>
        <translation>Schritte des Plans</translation>
    </message>
    <message>
        <source>G-code that is sent before the original continues</source>
        <translation>G-Code, der gesendet wird, bevor das Original weitergeht</translation>
    </message>
    <message>
        <source>Difference to the original file</source>
        <translation>Unterschied zur Originaldatei</translation>
    </message>
    <message>
        <source>St&amp;eps</source>
        <translation>Schr&amp;itte</translation>
    </message>
    <message>
        <source>&amp;G-code</source>
        <translation>&amp;G-Code</translation>
    </message>
    <message>
        <source>&amp;Difference to the file</source>
        <translation>&amp;Unterschied zur Datei</translation>
    </message>
    <message>
        <source>&amp;Own lines</source>
        <translation>Eigene &amp;Zeilen</translation>
    </message>
    <message>
        <source>&amp;Way</source>
        <translation>&amp;Weg</translation>
    </message>
    <message>
        <source>How the plan reaches the printer</source>
        <translation>Wie der Plan zum Drucker kommt</translation>
    </message>
    <message>
        <source>as a new file beside the original</source>
        <translation>als neue Datei neben dem Original</translation>
    </message>
    <message>
        <source>in place: the original goes on at its byte</source>
        <translation>an Ort und Stelle: Das Original geht an seinem Byte weiter</translation>
    </message>
    <message>
        <source>&amp;Save the plan…</source>
        <translation>Plan &amp;speichern …</translation>
    </message>
    <message>
        <source>Not sent again: byte 0 to %1 of the original, it is printed already.</source>
        <translation>Nicht noch einmal gesendet: Byte 0 bis %1 des Originals, das ist schon gedruckt.</translation>
    </message>
    <message>
        <source>Unchanged: byte %1 to %2 of the original, every byte as it is.</source>
        <translation>Unverändert: Byte %1 bis %2 des Originals, jedes Byte wie es ist.</translation>
    </message>
    <message>
        <source>There is no plan yet</source>
        <translation>Es gibt noch keinen Plan</translation>
    </message>
    <message>
        <source>Planning…</source>
        <translation>Wird geplant …</translation>
    </message>
    <message>
        <source>Choose a point first.</source>
        <translation>Erst eine Stelle wählen.</translation>
    </message>
    <message numerus="yes">
        <source>The plan: %n step(s)</source>
        <translation>
            <numerusform>Der Plan: %n Schritt</numerusform>
            <numerusform>Der Plan: %n Schritte</numerusform>
        </translation>
    </message>
    <message>
        <source>Lowest clearance over the part: %1.</source>
        <translation>Kleinster Abstand über dem Teil: %1.</translation>
    </message>
    <message>
        <source>The clearance over the part is not known.</source>
        <translation>Der Abstand über dem Teil ist nicht bekannt.</translation>
    </message>
    <message>
        <source>The checks allow the start.</source>
        <translation>Die Prüfungen erlauben den Start.</translation>
    </message>
    <message>
        <source>The checks forbid the start: see Printer and part.</source>
        <translation>Die Prüfungen verbieten den Start: siehe Drucker und Teil.</translation>
    </message>
    <message>
        <source>Travels at Z %1. %2 %3</source>
        <translation>Fährt auf Z %1. %2 %3</translation>
    </message>
    <message>
        <source>Save the plan</source>
        <translation>Plan speichern</translation>
    </message>
    <message>
        <source>Set the plugin's &amp;resume_meta_info to this point, for macros of your own; undone afterwards</source>
        <translation>resume_meta_info des Plugins auf diese Stelle setzen, fü&amp;r eigene Makros; danach rückgängig</translation>
    </message>
    <message>
        <source>PLR_RESUME_PRINT is never sent</source>
        <translation>PLR_RESUME_PRINT wird nie gesendet</translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) of yours run unchecked: nobody knows what they do.</source>
        <translation>
            <numerusform>%n Ihrer Zeilen läuft ungeprüft: Niemand weiß, was sie tut.</numerusform>
            <numerusform>%n Ihrer Zeilen laufen ungeprüft: Niemand weiß, was sie tun.</numerusform>
        </translation>
    </message>
    <message>
        <source>&amp;Own lines: refused</source>
        <translation>Eigene &amp;Zeilen: abgelehnt</translation>
    </message>
    <message>
        <source>G-code (*.gcode *.bgcode)</source>
        <translation>G-Code (*.gcode *.bgcode)</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::PluginMenu</name>
    <message>
        <source>&amp;Enable saving</source>
        <translation>Sichern &amp;einschalten</translation>
    </message>
    <message>
        <source>Saving is enabled, read back from the printer.</source>
        <translation>Das Sichern ist eingeschaltet, vom Drucker zurückgelesen.</translation>
    </message>
    <message>
        <source>&amp;Disable saving</source>
        <translation>Sichern &amp;ausschalten</translation>
    </message>
    <message>
        <source>Saving is disabled, read back from the printer.</source>
        <translation>Das Sichern ist ausgeschaltet, vom Drucker zurückgelesen.</translation>
    </message>
    <message>
        <source>&amp;Save the state now</source>
        <translation>Den Zustand jetzt &amp;sichern</translation>
    </message>
    <message>
        <source>The state was saved, read back from the printer.</source>
        <translation>Der Zustand wurde gesichert, vom Drucker zurückgelesen.</translation>
    </message>
    <message>
        <source>The saved state was cleared, read back from the printer.</source>
        <translation>Der gesicherte Zustand wurde gelöscht, vom Drucker zurückgelesen.</translation>
    </message>
    <message>
        <source>Save the &amp;mesh</source>
        <translation>Das &amp;Netz speichern</translation>
    </message>
    <message>
        <source>The mesh was saved, read back from the printer.</source>
        <translation>Das Netz wurde gespeichert, vom Drucker zurückgelesen.</translation>
    </message>
    <message>
        <source>&amp;Load the mesh</source>
        <translation>Das Netz l&amp;aden</translation>
    </message>
    <message>
        <source>The mesh was loaded, read back from the printer.</source>
        <translation>Das Netz wurde geladen, vom Drucker zurückgelesen.</translation>
    </message>
    <message>
        <source>Plugin: not known</source>
        <translation>Plugin: nicht bekannt</translation>
    </message>
    <message>
        <source>Plugin: saving</source>
        <translation>Plugin: sichert</translation>
    </message>
    <message>
        <source>Plugin: not saving</source>
        <translation>Plugin: sichert nicht</translation>
    </message>
    <message>
        <source>Commands of the recovery plugin on the printer</source>
        <translation>Befehle des Fortsetzungs-Plugins auf dem Drucker</translation>
    </message>
    <message>
        <source>&amp;Clear the saved state</source>
        <translation>Den gesicherten Zustand &amp;löschen</translation>
    </message>
    <message>
        <source>&amp;Recovery markers…</source>
        <translation>&amp;Marken zum Fortsetzen …</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::PointEntry</name>
    <message>
        <source>&amp;Go there</source>
        <translation>&amp;Dorthin</translation>
    </message>
    <message>
        <source>What you know</source>
        <translation>Was Sie wissen</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>Height, mm</source>
        <translation>Höhe, mm</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>Zeile</translation>
    </message>
    <message>
        <source>Byte</source>
        <translation>Byte</translation>
    </message>
    <message>
        <source>measured with calipers</source>
        <extracomment>example of a height in millimetres</extracomment>
        <translation>mit dem Messschieber gemessen</translation>
    </message>
    <message>
        <source>This is not a number. Type digits only.</source>
        <translation>Das ist keine Zahl. Bitte nur Ziffern eingeben.</translation>
    </message>
    <message>
        <source>This file has the layers 1 to %1.</source>
        <translation>Diese Datei hat die Schichten 1 bis %1.</translation>
    </message>
    <message>
        <source>The layers of this file have no heights.</source>
        <translation>Die Schichten dieser Datei haben keine Höhen.</translation>
    </message>
    <message>
        <source>Nearest: %1. Tall or shrunken places can differ from the rest.</source>
        <translation>Am nächsten: %1. Hohe oder geschrumpfte Stellen können vom Rest abweichen.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::PointTabs</name>
    <message>
        <source>Another point</source>
        <translation>Eine andere Stelle</translation>
    </message>
    <message>
        <source>In doubt go forward: a small gap is weaker than solid plastic pressed into solid plastic. A click on the part chooses the line there.</source>
        <translation>Im Zweifel nach vorn: Eine kleine Lücke schadet weniger als Kunststoff, der in festen Kunststoff gedrückt wird. Ein Klick auf das Teil wählt die Zeile dort.</translation>
    </message>
    <message>
        <source>Anot&amp;her point</source>
        <translation>Andere S&amp;telle</translation>
    </message>
    <message>
        <source>Ca&amp;liper readings</source>
        <translation>&amp;Messschieber</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::PrinterHeader</name>
    <message>
        <source>Heats the bed to the target of the stopped print, for one hour at most</source>
        <translation>Heizt das Bett auf den Sollwert des stehen gebliebenen Drucks, höchstens eine Stunde</translation>
    </message>
    <message>
        <source>No printer chosen</source>
        <translation>Kein Drucker gewählt</translation>
    </message>
    <message>
        <source>The bed is kept warm</source>
        <translation>Das Bett wird warm gehalten</translation>
    </message>
    <message>
        <source>&amp;Keep the bed warm</source>
        <translation>Bett &amp;warm halten</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::PrinterPage</name>
    <message>
        <source>The plan was saved as %1.</source>
        <translation>Der Plan wurde als %1 gespeichert.</translation>
    </message>
    <message>
        <source>&amp;Enable saving</source>
        <translation>Sichern &amp;einschalten</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Aufgaben</translation>
    </message>
    <message>
        <source>T&amp;imeline</source>
        <translation>Ze&amp;itleiste</translation>
    </message>
    <message>
        <source>&amp;Resume</source>
        <translation>&amp;Fortsetzen</translation>
    </message>
    <message>
        <source>&amp;Console</source>
        <translation>&amp;Konsole</translation>
    </message>
    <message>
        <source>&amp;Journal</source>
        <translation>&amp;Journal</translation>
    </message>
    <message>
        <source>Connect &amp;again</source>
        <translation>&amp;Neu verbinden</translation>
    </message>
    <message>
        <source>Read the file &amp;again</source>
        <translation>Datei &amp;neu lesen</translation>
    </message>
    <message>
        <source>&amp;Look and restore…</source>
        <translation>Ansehen und &amp;wiederherstellen …</translation>
    </message>
    <message>
        <source>The outage cut variables.cfg: Klipper does not start with it.</source>
        <translation>Der Ausfall hat variables.cfg abgeschnitten: Klipper startet damit nicht.</translation>
    </message>
    <message>
        <source>A complete copy of %1 is here.</source>
        <translation>Eine vollständige Kopie vom %1 ist da.</translation>
    </message>
    <message>
        <source>Reading the file of the print was cancelled.</source>
        <translation>Das Lesen der Druckdatei wurde abgebrochen.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::ReportPage</name>
    <message>
        <source>Report</source>
        <translation>Bericht</translation>
    </message>
    <message>
        <source>What was done</source>
        <translation>Was getan wurde</translation>
    </message>
    <message>
        <source>What was done, step by step</source>
        <translation>Was getan wurde, Schritt für Schritt</translation>
    </message>
    <message>
        <source>Look at the seam</source>
        <translation>Die Naht ansehen</translation>
    </message>
    <message>
        <source>A ridge: too low or printed twice. A gap: too high or left open. A step to one side: the head or the bed was moved, or X and Y were not homed alike.</source>
        <translation>Ein Grat: zu tief oder doppelt gedruckt. Ein Spalt: zu hoch oder offen gelassen. Ein Versatz zur Seite: Kopf oder Bett wurden bewegt, oder X und Y wurden nicht gleich referenziert.</translation>
    </message>
    <message>
        <source>Nothing has been resumed yet.</source>
        <translation>Noch wurde nichts fortgesetzt.</translation>
    </message>
    <message>
        <source>%1 was finished.</source>
        <translation>%1 wurde fertig.</translation>
    </message>
    <message>
        <source>%1 went on and ended as: %2.</source>
        <translation>%1 ging weiter und endete so: %2.</translation>
    </message>
    <message>
        <source>Went on from byte %1.</source>
        <translation>Weiter ab Byte %1.</translation>
    </message>
    <message>
        <source>Printed twice: %1. Left open: %2.</source>
        <translation>Doppelt gedruckt: %1. Offen gelassen: %2.</translation>
    </message>
    <message>
        <source>From %1, for %2.</source>
        <translation>Von %1, %2 lang.</translation>
    </message>
    <message>
        <source>Resume file: %1. The original was not touched.</source>
        <translation>Fortsetzungsdatei: %1. Das Original wurde nicht angerührt.</translation>
    </message>
    <message>
        <source>&amp;Clear the plugin's saved data</source>
        <translation>Gesicherte Daten des Plugins &amp;löschen</translation>
    </message>
    <message>
        <source>Sends PLR_RESET_PRINT_DATA and reads back that it worked</source>
        <translation>Sendet PLR_RESET_PRINT_DATA und liest zurück, dass es gewirkt hat</translation>
    </message>
    <message>
        <source>Put the plugin's own state &amp;back</source>
        <translation>Den eigenen Stand des Plugins &amp;zurücklegen</translation>
    </message>
    <message>
        <source>The print ended well, and the plugin still holds a state of it: clear it, so that nobody resumes a finished print.</source>
        <translation>Der Druck ging gut aus, und das Plugin hält noch einen Stand davon: löschen, damit niemand einen fertigen Druck fortsetzt.</translation>
    </message>
    <message>
        <source>The plugin's saved data is cleared, read back from the printer.</source>
        <translation>Die gesicherten Daten des Plugins sind gelöscht, vom Drucker zurückgelesen.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::ResumePage</name>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>Ne&amp;xt</source>
        <translation>&amp;Weiter</translation>
    </message>
    <message>
        <source>Pages of the assistant</source>
        <translation>Seiten des Assistenten</translation>
    </message>
    <message>
        <source>Progress of the work</source>
        <translation>Fortschritt der Arbeit</translation>
    </message>
    <message>
        <source>done</source>
        <translation>erledigt</translation>
    </message>
    <message>
        <source>shown now</source>
        <translation>gerade gezeigt</translation>
    </message>
    <message>
        <source>can be opened</source>
        <translation>kann geöffnet werden</translation>
    </message>
    <message>
        <source>not yet</source>
        <translation>noch nicht</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::RunPage</name>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Go on with the print</source>
        <translation>Den Druck fortsetzen</translation>
    </message>
    <message>
        <source>&amp;Not now</source>
        <translation>&amp;Nicht jetzt</translation>
    </message>
    <message>
        <source>Steps and how far they are</source>
        <translation>Schritte und wie weit sie sind</translation>
    </message>
    <message>
        <source>Stop &amp;after this step</source>
        <translation>Nach diesem Schritt &amp;anhalten</translation>
    </message>
    <message>
        <source>Stop, &amp;lift, keep the bed warm</source>
        <translation>Anhalten, ab&amp;heben, Bett warm halten</translation>
    </message>
    <message>
        <source>Emergency stop</source>
        <translation>Nothalt</translation>
    </message>
    <message>
        <source>Everything off at once, heaters too</source>
        <translation>Alles sofort aus, auch die Heizungen</translation>
    </message>
    <message>
        <source>&amp;Start now: heats and moves</source>
        <translation>Jetzt &amp;starten: heizt und bewegt</translation>
    </message>
    <message>
        <source>&amp;Prepare, nothing moves yet</source>
        <translation>&amp;Vorbereiten, noch bewegt sich nichts</translation>
    </message>
    <message>
        <source>Preparing…</source>
        <translation>Wird vorbereitet …</translation>
    </message>
    <message>
        <source>Two presses. The first one prepares and checks everything again, the second one heats and moves.</source>
        <translation>Zweimal drücken. Das erste Mal wird vorbereitet und alles noch einmal geprüft, das zweite Mal heizt und bewegt er.</translation>
    </message>
    <message>
        <source>Prepared and checked. The next press heats the bed and moves the head: is the way free?</source>
        <translation>Vorbereitet und geprüft. Der nächste Druck auf den Knopf heizt das Bett und bewegt den Kopf: Ist der Weg frei?</translation>
    </message>
    <message>
        <source>Step %1 is under way, then it stops.</source>
        <translation>Schritt %1 läuft, danach hält er an.</translation>
    </message>
    <message>
        <source>Step %1 is under way.</source>
        <translation>Schritt %1 läuft.</translation>
    </message>
    <message>
        <source>The file has been started. Waiting until the print is seen to run.</source>
        <translation>Die Datei wurde gestartet. Es wird gewartet, bis der Druck sichtbar läuft.</translation>
    </message>
    <message>
        <source>The printer works. Watch the prime and the first lines: does plastic come out and stick?</source>
        <translation>Der Drucker arbeitet. Das Anspülen und die ersten Linien beobachten: Kommt Kunststoff, und haftet er?</translation>
    </message>
    <message>
        <source>Stopped after step %1, as you wanted.</source>
        <translation>Nach Schritt %1 angehalten, wie gewünscht.</translation>
    </message>
    <message>
        <source>Step %1 failed. %2</source>
        <translation>Schritt %1 ist fehlgeschlagen. %2</translation>
    </message>
    <message>
        <source>Done. The report is on the next page.</source>
        <translation>Fertig. Der Bericht steht auf der nächsten Seite.</translation>
    </message>
    <message>
        <source>Head at X %1 Y %2 Z %3.</source>
        <translation>Kopf bei X %1 Y %2 Z %3.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::StatePage</name>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>The state at this point</source>
        <translation>Der Zustand an dieser Stelle</translation>
    </message>
    <message>
        <source>Fields, double click a value to change it</source>
        <translation>Felder, Doppelklick auf einen Wert ändert ihn</translation>
    </message>
    <message>
        <source>&amp;Reason for the next change</source>
        <translation>&amp;Grund der nächsten Änderung</translation>
    </message>
    <message>
        <source>Reason for the next change</source>
        <translation>Grund der nächsten Änderung</translation>
    </message>
    <message>
        <source>for example: turned the bed up by hand</source>
        <translation>zum Beispiel: Bett von Hand höher gestellt</translation>
    </message>
    <message>
        <source>Say why first: a changed value is kept with its reason.</source>
        <translation>Erst sagen, warum: Ein geänderter Wert wird mit seinem Grund aufgehoben.</translation>
    </message>
    <message>
        <source>Choose a point first.</source>
        <translation>Erst eine Stelle wählen.</translation>
    </message>
    <message>
        <source>%1 of %2 fields are known.</source>
        <translation>%1 von %2 Feldern sind bekannt.</translation>
    </message>
    <message>
        <source>%1 Unknown stays unknown: it is never taken for 0.</source>
        <translation>%1 Unbekannt bleibt unbekannt: Es gilt nie als 0.</translation>
    </message>
    <message>
        <source>%1 Without the fields marked as missing the print cannot go on: fill them in here.</source>
        <translation>%1 Ohne die als fehlend markierten Felder kann der Druck nicht weitergehen: hier eintragen.</translation>
    </message>
    <message>
        <source>Conflicts</source>
        <translation>Widersprüche</translation>
    </message>
    <message>
        <source>What cannot be restored</source>
        <translation>Was sich nicht wiederherstellen lässt</translation>
    </message>
    <message>
        <source>%1: %2 is only a guess.</source>
        <extracomment>a field, its value, what the guess is based on</extracomment>
        <translation>%1: %2 ist nur vermutet.</translation>
    </message>
    <message>
        <source>%1: %2 is only a guess (%3).</source>
        <translation>%1: %2 ist nur vermutet (%3).</translation>
    </message>
    <message>
        <source>%1 is right</source>
        <translation>%1 stimmt</translation>
    </message>
    <message>
        <source>Confirm %1: %2</source>
        <translation>%1 bestätigen: %2</translation>
    </message>
    <message>
        <source>confirmed</source>
        <translation>bestätigt</translation>
    </message>
    <message>
        <source>%1: the printer said %2, the file says %3.</source>
        <translation>%1: Der Drucker sagte %2, die Datei sagt %3.</translation>
    </message>
    <message>
        <source>Stays as the printer has it, because nothing tells the value: %1.</source>
        <translation>Bleibt, wie der Drucker es hat, denn nichts verrät den Wert: %1.</translation>
    </message>
    <message>
        <source>What these macros of the file did inside the printer is not known and is not repeated: %1.</source>
        <translation>Was diese Makros der Datei im Drucker taten, ist nicht bekannt und wird nicht wiederholt: %1.</translation>
    </message>
    <message>
        <source>Cannot be restored:</source>
        <translation>Lässt sich nicht wiederherstellen:</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::StatePill</name>
    <message>
        <source>State: %1</source>
        <translation>Zustand: %1</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::TimelinePage</name>
    <message>
        <source>stop interval</source>
        <translation>Stopp-Bereich</translation>
    </message>
    <message>
        <source>Signs: %1</source>
        <translation>Zeichen: %1</translation>
    </message>
    <message>
        <source>printing</source>
        <translation>druckt</translation>
    </message>
    <message>
        <source>completed</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>unterbrochen</translation>
    </message>
    <message>
        <source>%1 · %2 · %3</source>
        <extracomment>a job in the list: file, start, state</extracomment>
        <translation>%1 · %2 · %3</translation>
    </message>
    <message>
        <source>&amp;Time</source>
        <translation>&amp;Zeit</translation>
    </message>
    <message>
        <source>P&amp;rogress</source>
        <translation>F&amp;ortschritt</translation>
    </message>
    <message>
        <source>&amp;Layer</source>
        <translation>&amp;Schicht</translation>
    </message>
    <message>
        <source>Timeline over the time of day</source>
        <translation>Zeitleiste über der Uhrzeit</translation>
    </message>
    <message>
        <source>Timeline over the progress in the file</source>
        <translation>Zeitleiste über dem Fortschritt in der Datei</translation>
    </message>
    <message>
        <source>Timeline over the layers</source>
        <translation>Zeitleiste über den Schichten</translation>
    </message>
    <message>
        <source>Print shown</source>
        <translation>Gezeigter Druck</translation>
    </message>
    <message>
        <source>Between the two cursors</source>
        <translation>Zwischen den zwei Marken</translation>
    </message>
    <message>
        <source>Snapshots</source>
        <translation>Stände</translation>
    </message>
    <message>
        <source>Layer shown</source>
        <translation>Gezeigte Schicht</translation>
    </message>
    <message>
        <source>State at this point</source>
        <translation>Zustand an dieser Stelle</translation>
    </message>
    <message>
        <source>P&amp;in</source>
        <translation>An&amp;heften</translation>
    </message>
    <message>
        <source>Res&amp;ume from here…</source>
        <translation>Von hier fort&amp;setzen …</translation>
    </message>
    <message>
        <source>No print recorded yet</source>
        <translation>Noch kein Druck aufgezeichnet</translation>
    </message>
    <message>
        <source>%1, seen from above: printed solid, still open pale, ✕ stopped here, ◎ goes on here</source>
        <translation>%1, von oben: Gedrucktes kräftig, Offenes blass, ✕ hier stehen geblieben, ◎ hier geht es weiter</translation>
    </message>
    <message>
        <source>Nothing selected</source>
        <translation>Nichts gewählt</translation>
    </message>
    <message>
        <source>Byte %1</source>
        <translation>Byte %1</translation>
    </message>
    <message>
        <source>%1, saved by: %2</source>
        <extracomment>where, then which kind of snapshot</extracomment>
        <translation>%1, gesichert von: %2</translation>
    </message>
    <message>
        <source>%1, byte %2</source>
        <translation>%1, Byte %2</translation>
    </message>
    <message>
        <source>Δt %1 s</source>
        <translation>Δt %1 s</translation>
    </message>
    <message>
        <source>Δz %1 mm</source>
        <translation>Δz %1 mm</translation>
    </message>
    <message>
        <source>%1 bytes</source>
        <translation>%1 Bytes</translation>
    </message>
    <message>
        <source>Reading the file of the print</source>
        <translation>Liest die Datei des Drucks</translation>
    </message>
    <message>
        <source>Reading the file of the print: %p %</source>
        <extracomment>in a progress bar</extracomment>
        <translation>Liest die Datei des Drucks: %p %</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Stops the reading; it can be begun again</source>
        <translation>Hört mit dem Lesen auf; es lässt sich wieder beginnen</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::TimelineView</name>
    <message>
        <source>Timeline of the print</source>
        <translation>Zeitleiste des Drucks</translation>
    </message>
    <message>
        <source>Nothing selected</source>
        <translation>Nichts gewählt</translation>
    </message>
    <message>
        <source>Layer %1, Z %2 mm, byte %3</source>
        <translation>Schicht %1, Z %2 mm, Byte %3</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>Byte %1</source>
        <translation>Byte %1</translation>
    </message>
    <message>
        <source>%1, at %2</source>
        <translation>%1, um %2</translation>
    </message>
    <message>
        <source>Snapshots</source>
        <translation>Stände</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <extracomment>time of day, then what happened, e.g. "13:46:02 power lost"</extracomment>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>Nothing recorded yet. Recording starts by itself when this printer prints.</source>
        <translation>Noch nichts aufgezeichnet. Die Aufzeichnung beginnt von selbst, wenn dieser Drucker druckt.</translation>
    </message>
    <message>
        <source>%1, layer %2</source>
        <translation>%1, Schicht %2</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::VariablesDialog</name>
    <message>
        <source>The variables file is torn</source>
        <translation>Die Variablendatei ist abgeschnitten</translation>
    </message>
    <message>
        <source>Difference between the torn file and the copy</source>
        <translation>Unterschied zwischen der abgeschnittenen Datei und der Kopie</translation>
    </message>
    <message>
        <source>− only in the torn file    + only in the good copy</source>
        <translation>− nur in der abgeschnittenen Datei    + nur in der guten Kopie</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>Ausgang</translation>
    </message>
    <message>
        <source>The outage cut the file variables.cfg while it was written. Klipper does not start with it. The copy of %1 is complete.</source>
        <translation>Der Ausfall hat die Datei variables.cfg beim Schreiben abgeschnitten. Klipper startet damit nicht. Die Kopie vom %1 ist vollständig.</translation>
    </message>
    <message>
        <source>Minus: only in the torn file. Plus: only in the good copy.</source>
        <translation>Minus: nur in der abgeschnittenen Datei. Plus: nur in der guten Kopie.</translation>
    </message>
    <message>
        <source>&amp;Put the good copy back</source>
        <translation>Die gute Kopie &amp;zurücklegen</translation>
    </message>
    <message>
        <source>Uploads the copy, keeps the torn file beside it and restarts Klipper</source>
        <translation>Lädt die Kopie hoch, hebt die abgeschnittene Datei daneben auf und startet Klipper neu</translation>
    </message>
    <message>
        <source>Putting the copy back…</source>
        <translation>Die Kopie wird zurückgelegt …</translation>
    </message>
    <message>
        <source>Done. The torn file was kept beside it, and Klipper starts again.</source>
        <translation>Fertig. Die abgeschnittene Datei liegt noch daneben, und Klipper startet wieder.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::WelcomePage</name>
    <message>
        <source>Prints that stop can go on</source>
        <translation>Stehen gebliebene Drucke gehen weiter</translation>
    </message>
    <message>
        <source>Kintsugi records what your printer does. When a print stops, by a power cut, a crash or a lost link, it shows where, checks what is safe, and continues the part from there.</source>
        <translation>Kintsugi zeichnet auf, was Ihr Drucker tut. Bleibt ein Druck stehen, durch Stromausfall, Absturz oder abgerissene Verbindung, zeigt es wo, prüft, was sicher ist, und setzt das Teil von dort fort.</translation>
    </message>
    <message>
        <source>&amp;Add a printer…</source>
        <translation>Drucker &amp;hinzufügen …</translation>
    </message>
    <message>
        <source>&amp;Try the demo printer</source>
        <translation>Den Demodrucker &amp;ausprobieren</translation>
    </message>
    <message>
        <source>The demo needs no hardware: a simulated printer prints a real file, and you cut its power.</source>
        <translation>Die Demo braucht keine Hardware: Ein simulierter Drucker druckt eine echte Datei, und Sie kappen ihm den Strom.</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::WherePage</name>
    <message>
        <source>Where</source>
        <translation>Wo</translation>
    </message>
    <message>
        <source>Where shall it go on?</source>
        <translation>Wo soll es weitergehen?</translation>
    </message>
    <message>
        <source>Points to go on from</source>
        <translation>Stellen zum Fortsetzen</translation>
    </message>
    <message>
        <source>It stopped between byte %1 and byte %2. %3</source>
        <translation>Er blieb zwischen Byte %1 und Byte %2 stehen. %3</translation>
    </message>
    <message>
        <source>Where it stopped is not known yet.</source>
        <translation>Wo er stehen blieb, ist noch nicht bekannt.</translation>
    </message>
    <message>
        <source>Nothing chosen</source>
        <translation>Nichts gewählt</translation>
    </message>
    <message>
        <source>%1, byte %2: %3 printed twice, %4 left open</source>
        <translation>%1, Byte %2: %3 doppelt gedruckt, %4 offen gelassen</translation>
    </message>
    <message>
        <source>No risk is known at this line.</source>
        <translation>An dieser Zeile ist kein Risiko bekannt.</translation>
    </message>
    <message>
        <source>%1 (at most %2)</source>
        <translation>%1 (höchstens %2)</translation>
    </message>
    <message>
        <source>excluded object %1</source>
        <translation>ausgelassenes Objekt %1</translation>
    </message>
    <message>
        <source>object %1</source>
        <translation>Objekt %1</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>That point is refused. %1</source>
        <translation>Diese Stelle wird abgelehnt. %1</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::Workshop</name>
    <message>
        <source>Demo printer</source>
        <translation>Demodrucker</translation>
    </message>
</context>
<context>
    <name>kintsugi::ui::ZPage</name>
    <message>
        <source>Z registration</source>
        <translation>Z-Bestimmung</translation>
    </message>
    <message>
        <source>How does the height become true again?</source>
        <translation>Wie stimmt die Höhe wieder?</translation>
    </message>
    <message>
        <source>After a stop the printer no longer knows how high the nozzle is. Z is never homed towards the part.</source>
        <translation>Nach einem Stopp weiß der Drucker nicht mehr, wie hoch die Düse steht. Z wird nie auf das Teil zu referenziert.</translation>
    </message>
    <message>
        <source>&amp;Keep the height it had</source>
        <translation>Die Höhe &amp;behalten</translation>
    </message>
    <message>
        <source>Assumes that the Z motors had power all the time and nobody turned them. After a power cut the motors can jump by up to two full steps when they come back, and a heavy axis can sink.</source>
        <translation>Setzt voraus, dass die Z-Motoren immer Strom hatten und niemand sie gedreht hat. Nach einem Stromausfall können die Motoren beim Wiederkommen um bis zu zwei Vollschritte springen, und eine schwere Achse kann absinken.</translation>
    </message>
    <message>
        <source>&amp;Touch the part and declare the height</source>
        <translation>Das Teil b&amp;erühren und die Höhe angeben</translation>
    </message>
    <message>
        <source>Assumes that the nozzle touches the top of the part now and that you know how high that place is. One touch gives the height, not the tilt: with several Z motors look at the gap on all sides.</source>
        <translation>Setzt voraus, dass die Düse jetzt die Oberseite des Teils berührt und Sie wissen, wie hoch diese Stelle ist. Eine Berührung ergibt die Höhe, nicht die Neigung: Bei mehreren Z-Motoren den Spalt auf allen Seiten ansehen.</translation>
    </message>
    <message>
        <source>Home &amp;upwards with the plugin (PLR_Z_HOME)</source>
        <translation>Mit dem Plugin nach &amp;oben referenzieren (PLR_Z_HOME)</translation>
    </message>
    <message>
        <source>Assumes four Z+ end stops that were calibrated for this nozzle and this plate, and a Klipper up to July 2025: newer ones made this command fail. It moves up only, away from the part.</source>
        <translation>Setzt vier Z+-Endschalter voraus, die für diese Düse und diese Platte kalibriert wurden, und Klipper bis Juli 2025: Mit neueren scheitert dieser Befehl. Es fährt nur nach oben, vom Teil weg.</translation>
    </message>
    <message>
        <source>Height of the nozzle now</source>
        <translation>Höhe der Düse jetzt</translation>
    </message>
    <message>
        <source>I &amp;declare it</source>
        <translation>&amp;Ich gebe sie an</translation>
    </message>
    <message>
        <source>Otherwise the height at the last executed line is taken</source>
        <translation>Sonst gilt die Höhe der zuletzt ausgeführten Zeile</translation>
    </message>
    <message>
        <source>Height of the nozzle now, mm</source>
        <translation>Höhe der Düse jetzt, mm</translation>
    </message>
    <message>
        <source> mm</source>
        <translation> mm</translation>
    </message>
    <message>
        <source>Measure or know the place the nozzle stands on. The number is the height of the tip above the bed; offered is that of the chosen layer, with the Z offset that was in force. Tick to declare it.</source>
        <translation>Die Stelle messen oder kennen, auf der die Düse steht. Die Zahl ist die Höhe der Spitze über dem Bett; vorgeschlagen ist die der gewählten Schicht samt dem Z-Versatz, der galt. Ankreuzen, um sie anzugeben.</translation>
    </message>
    <message>
        <source>Leave it open if nobody moved the nozzle since the stop.</source>
        <translation>Offen lassen, wenn seit dem Stehenbleiben niemand die Düse bewegt hat.</translation>
    </message>
</context>
<context>
    <name>main</name>
    <message>
        <source>Resumes interrupted 3D prints.</source>
        <translation>Setzt unterbrochene 3D-Drucke fort.</translation>
    </message>
    <message>
        <source>Open with the demo printer.</source>
        <translation>Mit dem Demodrucker öffnen.</translation>
    </message>
    <message>
        <source>Keep the history there instead of in your data folder.</source>
        <translation>Die Aufzeichnung dort statt im Datenordner ablegen.</translation>
    </message>
    <message>
        <source>G-code files to look at, without a printer.</source>
        <translation>G-Code-Dateien zum Ansehen, ohne Drucker.</translation>
    </message>
</context>
</TS>
