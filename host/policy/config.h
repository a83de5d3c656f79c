#pragma once

#include "penstock/config.h"

namespace penstock {

/// Section `policy`: what a script may use up, and what validate.lua is told.
inline constexpr ConfigRow kPolicyRows[] = {
    {"deadline", ConfigType::Period, "5ms", "1ms..1s", "Processor time one script call may take.", false, true},
    {"inbound_deadline", ConfigType::Period, "50ms", "1ms..1s",
     "Processor time in which a provider's script reads a webhook that is genuine; a batch of events may be large.",
     false, true},
    {"memory", ConfigType::Size, "16MB", "4MB..1GB", "Memory the scripts of one thread may hold.", false, true},
    {"max_attachments", ConfigType::Integer, "8", "0..1000", "Most attachments a message may have.", false, true},
    {"max_characters_sms", ConfigType::Integer, "0", "0..1000000",
     "Most characters in the body of an SMS or MMS, 0 for no limit.", false, true},
    {"max_characters_email", ConfigType::Integer, "0", "0..1000000",
     "Most characters in the body of an e-mail, 0 for no limit.", false, true},
};

/// Section `retry`: what retry.lua and the built-in backoff are told.
inline constexpr ConfigRow kRetryRows[] = {
    {"max_attempts", ConfigType::Integer, "10", "1..1000", "Attempts after which a message is given up.", false, true},
    {"max_age", ConfigType::Period, "72h", "1s..30d", "Age at which a message is given up.", false, true},
    {"backoff_min", ConfigType::Period, "1s", "1ms..1h", "Longest wait after the first failed attempt; it doubles.",
     false, true},
    {"backoff_max", ConfigType::Period, "1h", "1ms..7d", "Longest wait between two attempts.", false, true},
};

/// Section `routes`: what route.lua is told.
inline constexpr ConfigRow kRouteRows[] = {
    {"sms", ConfigType::Text, "mock", "", "Provider of SMS; empty: nobody sends them.", false, true},
    {"mms", ConfigType::Text, "mock", "", "Provider of MMS; empty: nobody sends them.", false, true},
    {"email", ConfigType::Text, "mock", "", "Provider of e-mails; empty: nobody sends them.", false, true},
};

}  // namespace penstock
