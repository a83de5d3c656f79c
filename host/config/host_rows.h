#pragma once

#include "penstock/config.h"

namespace penstock {

/// Rows at the top of the configuration. An empty folder is found by itself: beside the sources in a checkout, under
/// /etc, /usr/share and /var/lib when installed.
inline constexpr ConfigRow kHostRows[] = {
    {"plugins", ConfigType::List, "http-ingest,sqlite-queue,sqlite-store,worker,http-transport,metrics", "nonempty",
     "Plugins to load; the order does not matter."},
    {"data_dir", ConfigType::Text, "", "",
     "Folder for everything that is kept; empty: ./var in a checkout, /var/lib/penstock when installed."},
    {"scripts_dir", ConfigType::Text, "", "",
     "Folder of the policy scripts; empty: scripts in a checkout, /etc/penstock/scripts when installed."},
    {"plugin_dir", ConfigType::Text, "", "", "Folder of the plugins' .so files; empty: found beside the program."},
    {"migrations_dir", ConfigType::Text, "", "",
     "Folder of the migrations; empty: migrations in a checkout, /usr/share/penstock/migrations when installed."},
};

/// Rows of section `shutdown`.
inline constexpr ConfigRow kShutdownRows[] = {
    {"drain_timeout", ConfigType::Period, "25s", "0s..1h",
     "Time that work in hand gets to finish after the first TERM or INT; what is left then is given back.", false,
     true},
};

/// Rows of section `logging`. Formatters, channels and loggers are Poco's own; what they may hold is in Poco's manual.
inline constexpr ConfigRow kLoggingRows[] = {
    {"level", ConfigType::Choice, "information", "fatal|critical|error|warning|notice|information|debug|trace",
     "Least important level that is written, for every logger without a level of its own.", false, true},
    {"format", ConfigType::Choice, "auto", "auto|json|text",
     "One JSON object a line, or readable text; auto is text on a terminal and JSON elsewhere."},
    {"destination", ConfigType::Text, "stderr", "nonempty", "Where lines go: stderr, stdout, or the path of a file."},
    {"buffer", ConfigType::Size, "4MB", "64KB..1GB",
     "Room for lines that wait to be written; lines that find no room are dropped and counted."},
    {"formatters.*", ConfigType::Text, "", "", "Poco formatters by name, each with its class and properties."},
    {"channels.*", ConfigType::Text, "", "",
     "Poco channels by name, each with its class and properties; class PenstockChannel takes destination, format and "
     "buffer."},
    {"loggers.*", ConfigType::Text, "", "",
     "Level and channel of a logger by its name, such as loggers.worker.level; root is the parent of all.", false,
     true},
};

}  // namespace penstock
