#pragma once

#include <string>
#include <string_view>

namespace penstock::store {

/// The first 64 graphemes (UAX #29) of a body, white space collapsed to single blanks and cut from both ends. Markup of
/// an e-mail is kept as text. A grapheme is never broken: one that would make the snippet longer than 4 KiB ends it
/// before. Bytes that are no UTF-8 show as U+FFFD. [any thread]
std::string snippet(std::string_view body);

}  // namespace penstock::store
