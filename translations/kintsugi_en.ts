<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en">
    <context>
        <name>Text</name>
        <message numerus="yes">
            <source>%n day(s)</source>
            <translation>
                <numerusform>%n day</numerusform>
                <numerusform>%n days</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>kintsugi::app::SnapshotModel</name>
        <message numerus="yes">
            <source>%n field(s) differ from the file</source>
            <translation>
                <numerusform>%n field differs from the file</numerusform>
                <numerusform>%n fields differ from the file</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>kintsugi::ui::FileWindow</name>
        <message numerus="yes">
            <source>%Ln line(s)</source>
            <translation>
                <numerusform>%Ln line</numerusform>
                <numerusform>%Ln lines</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n layer(s)</source>
            <translation>
                <numerusform>%n layer</numerusform>
                <numerusform>%n layers</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n object(s)</source>
            <translation>
                <numerusform>%n object</numerusform>
                <numerusform>%n objects</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>kintsugi::ui::GatePage</name>
        <message numerus="yes">
            <source>%n check(s) forbid the start. Each says what to do.</source>
            <translation>
                <numerusform>%n check forbids the start. It says what to do.</numerusform>
                <numerusform>%n checks forbid the start. Each says what to do.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Nothing forbids the start. %n warning(s): read them.</source>
            <translation>
                <numerusform>Nothing forbids the start. %n warning: read it.</numerusform>
                <numerusform>Nothing forbids the start. %n warnings: read them.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>kintsugi::ui::PlanPage</name>
        <message numerus="yes">
            <source>%n line(s) of yours run unchecked: nobody knows what they do.</source>
            <translation>
                <numerusform>%n line of yours runs unchecked: nobody knows what it does.</numerusform>
                <numerusform>%n lines of yours run unchecked: nobody knows what they do.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>The plan: %n step(s)</source>
            <translation>
                <numerusform>The plan: %n step</numerusform>
                <numerusform>The plan: %n steps</numerusform>
            </translation>
        </message>
    </context>
</TS>
