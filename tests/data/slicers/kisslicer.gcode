; KISSlicer - FREE
; Linux
; version 1.6.3 Release Linux64
; Saved: 2026-03-04 12:00:00
; 'vase.gcode'
;
; *** Printer Settings ***
;
; printer_name = something
; g_code_prefix = 3B205B6D6D5D206D6F64650A4732310A
; > Decoded
; >   ; BEGIN_LAYER_OBJECT z=9.000 z_thickness=9.000
; >   G1 Z5
;
; *** Material Settings for Extruder 1 ***
;
; material_name = PLA
; temperature_C = 195
; keep_warm_C = 146
; first_layer_C = 200
; bed_C = 43
;
; *** Material Settings for Extruder 2 ***
;
; material_name = PETG
; temperature_C = 235
; first_layer_C = 240
; bed_C = 80
;
; *** G-code Prefix ***
;
; [mm] mode
G21
; absolute mode
G90
M82
G28
;
; *** Main G-code ***
;
; BEGIN_LAYER_RAFT z=0.300 z_thickness=0.300
;
; *** Selecting and Warming Extruder 1 to 200 C ***
T0
M109 S200
;
; 'Raft Path', 1.0 [feed mm/s], 20.0 [head mm/s]
G1 X10 Y10 Z0.8 E0 F18000
G1 X10 Y10 Z0.3 E0 F600
; 'Destring Prime'
G1 E1 F900
G1 X40 Y10 E2 F1200
;
; END_LAYER_RAFT z=0.300
;
; BEGIN_LAYER_OBJECT z=0.500 z_thickness=0.200
; 'Perimeter Path', 0.8 [feed mm/s], 20.0 [head mm/s]
G1 X10 Y10 Z0.5 E2 F600
G1 X40 Y10 E3 F1200
; 'Destring/Wipe/Jump Path', 0.0 [feed mm/s], 300.0 [head mm/s]
G1 E2.5 F900
G1 X10 Y40 E2.5 F18000
G1 E3 F900
; 'Loop Path', 0.8 [feed mm/s], 20.0 [head mm/s]
G1 X40 Y40 E4 F1200
; END_LAYER_OBJECT z=0.500
;
; BEGIN_LAYER_OBJECT z=0.750 z_thickness=0.250
; 'Stacked Sparse Infill Path', 0.8 [feed mm/s], 20.0 [head mm/s]
G1 X10 Y10 Z0.75 E4 F600
G1 X40 Y40 E5 F1200
; END_LAYER_OBJECT z=0.750
;
; *** Cooling Extruder 1 to 0 C and Retiring ***
M104 S0
