#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// A phone number as + and digits, or a short code as digits: blanks, dashes, dots and brackets are dropped; 3 to 8
/// digits without a plus are a short code, otherwise 7 to 15 digits a phone number. Nothing when it is neither.
std::optional<std::string> phoneNumber(std::string_view text);

/// Whether the text is a sender name: 1 to 11 ASCII letters and digits with at least one letter.
bool isSenderName(std::string_view text);

/// The bare e-mail address as written, out of `a@b`, `Name <a@b>` or `[a@b](mailto:a@b)`; points into `text`. The
/// local part is a dot-atom of RFC 5322 with the UTF-8 of RFC 6531 (no quoted strings), at most 64 bytes; the domain is
/// a host name, not necessarily with a dot; together at most 254 bytes. Nothing when it is none.
std::optional<std::string_view> mailAddress(std::string_view text);

/// Lower-case (ASCII letters) and without +tag: what makes two written forms of a bare address the same mailbox.
std::string comparableMailbox(std::string_view bare);

}  // namespace penstock
