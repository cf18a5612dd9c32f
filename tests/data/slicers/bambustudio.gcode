; HEADER_BLOCK_START
; BambuStudio 02.03.00.70
; total layer number: 111
; max_z_height: 22.10
; HEADER_BLOCK_END

; CONFIG_BLOCK_START
; curr_bed_type = Textured PEI Plate
; filament_type = PLA;PLA
; gcode_flavor = marlin
; hot_plate_temp = 55,55
; layer_change_gcode = ; CHANGE_LAYER\nM73 L{layer_num+1}\nG1 Z10
; nozzle_temperature = 220,225
; nozzle_temperature_initial_layer = 225,230
; textured_plate_temp = 65,65
; CONFIG_BLOCK_END

; EXECUTABLE_BLOCK_START
M73 P0 R12
M201 X20000 Y20000 Z500 E5000
; FEATURE: Custom
;===== machine: X =====
G28 X
G29 A1
T1000
G1 X18 Y1 Z0.2 F6000
G1 X100 E12 F3000
; MACHINE_START_GCODE_END
G90
G21
M83
; start printing object, unique label id: 14
; CHANGE_LAYER
; Z_HEIGHT: 0.2
; LAYER_HEIGHT: 0.2
G1 E-.8 F1800
; layer num/total_layer_count: 1/2
M73 L1
M991 S0 P0
; OBJECT_ID: 14
M204 S500
G1 X80 Y80 F30000
G1 Z.2
G1 E.8 F1800
; FEATURE: Inner wall
; LINE_WIDTH: 0.5
G1 F3000
G1 X100 Y80 E.73656
G3 X100 Y100 I-6.304 J10 E.9
; FEATURE: Outer wall
G1 X80 Y100 E.73656
G1 X80 Y80 E.73656
; WIPE_START
G1 X90 Y80 E-.3
; WIPE_END
G17
G3 Z.6 I.9 J.8 P1 F30000
; CHANGE_LAYER
; Z_HEIGHT: 0.28
; LAYER_HEIGHT: 0.08
; layer num/total_layer_count: 2/2
M73 L2
M991 S0 P1
G1 X80 Y80 F30000
G1 Z.28
G1 E.8 F1800
; FEATURE: Top surface
; LAYER_HEIGHT: 0.12
G1 F3000
G1 X100 Y80 E.4
G1 X100 Y100 E.4
; stop printing object, unique label id: 14
; start printing object, unique label id: 27
; FEATURE: Support
G1 X120 Y80 F30000
G1 X140 Y80 E.4 F3000
; stop printing object, unique label id: 27
; MACHINE_END_GCODE_START
M104 S0
; EXECUTABLE_BLOCK_END
