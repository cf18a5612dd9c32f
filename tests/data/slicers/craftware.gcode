; CraftWare 1.18
M109 S210
G28
G90
M82
; Layer #1
;segType:Skirt
G1 X20 Y20 Z0.3 F6000
G1 X60 Y20 E2 F1200
;segType:Perimeter
G1 X60 Y60 E4
; Layer #2
G1 Z0.5 F600
;segType:Infill
G1 X20 Y20 E8 F1200
; Layer #3
G1 Z0.7 F600
;segType:HShell
G1 X60 Y60 E12 F1200
