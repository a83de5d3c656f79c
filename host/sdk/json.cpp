#include "penstock/json.h"

namespace penstock {

void JsonWriter::quote(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out_.push_back('"');
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out_.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out_.append("\\\"");
        break;
      case '\\':
        out_.append("\\\\");
        break;
      case '\n':
        out_.append("\\n");
        break;
      case '\r':
        out_.append("\\r");
        break;
      case '\t':
        out_.append("\\t");
        break;
      default:
        out_.append("\\u00");
        out_.push_back(kDigits[c >> 4]);
        out_.push_back(kDigits[c & 0x0F]);
    }
  }
  out_.append(text, plain);
  out_.push_back('"');
}

}  // namespace penstock
