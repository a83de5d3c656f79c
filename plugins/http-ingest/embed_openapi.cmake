# Writes OUTPUT, a C++ source that holds the text of INPUT. A raw string literal may be cut only between characters, and
# compilers take at least 64 KiB of it.
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "#include \"http-ingest/openapi.h\"

namespace penstock {

const std::string_view kOpenApi = R\"openapi(${text})openapi\";

}  // namespace penstock
")
