;FLAVOR:Marlin
;TIME:6666
;Filament used: 0.12m
;Layer height: 0.2
;MINX:50
;MINZ:0.3
;MAXZ:0.5
;TARGET_MACHINE.NAME:A machine
;Generated with Cura_SteamEngine 5.6.0
M140 S60
M104 S205
M190 S60
M109 S205
M82 ;absolute extrusion mode
; start code that talks of layers:
;LAYER:0
G28
G92 E0
G1 Z2.0 F3000
G1 X0.1 Y20 Z0.3 F5000
G1 X0.1 Y200 Z0.3 F1500 E15
G92 E0
;LAYER_COUNT:9
;LAYER:0
M107
;MESH:box.stl
G0 F6000 X50 Y50 Z0.3
;TYPE:SKIRT
G1 F1200 X80 Y50 E1.2
;TYPE:WALL-INNER
G1 X80 Y80 E2.4
;TYPE:WALL-OUTER
G1 X50 Y80 E3.6
;MESH:NONMESH
G0 F300 X50 Y80 Z0.5
;TIME_ELAPSED:12.5
;LAYER:1
;MESH:box.stl
;TYPE:SKIN
G1 F1800 X80 Y80 E4.8
G1 X80 Y50 E6
;TIME_ELAPSED:20.1
G92 E0
G1 F2100 E-5
G0 Z10 F600
;LAYER_COUNT:9
;LAYER:0
;MESH:tower.stl
G0 F6000 X120 Y50
G0 Z0.3 F600
G1 F2100 E0
;TYPE:FILL
G1 F1200 X150 Y50 E1.2
;MESH:NONMESH
;LAYER:1
G0 X120 Y50 Z0.5
;MESH:tower.stl
;TYPE:SUPPORT-INTERFACE
G1 F1200 X150 Y50 E2.4
;TIME_ELAPSED:30.0
M140 S0
;End of Gcode
;SETTING_3 {"global_quality": "[general]\\nversion = 4\\nname = Draft\\n\\n[values]\\nmater
;SETTING_3 ial_bed_temperature = 61\\n\\n", "extruder_quality": ["[values]\\nmaterial_print_t
;SETTING_3 emperature = 207\\nmaterial_print_temperature_layer_0 = 210\\n\\n"]}
