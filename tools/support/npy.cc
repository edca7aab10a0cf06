#include "tools/support/npy.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <regex>
#include <string>

#include "tools/support/elements.h"
#include "tools/support/text.h"
#include "tools/support/utf.h"

namespace tenon::tools {
namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicSize = 6;

struct NamedType {
  const char* npy;
  uint32_t dtype;
};
constexpr NamedType kTypes[] = {
    {"<f4", TENON_DTYPE_FLOAT},     {"<f8", TENON_DTYPE_DOUBLE},     {"<f2", TENON_DTYPE_FLOAT16},
    {"|b1", TENON_DTYPE_BOOL},      {"|i1", TENON_DTYPE_INT8},       {"<i2", TENON_DTYPE_INT16},
    {"<i4", TENON_DTYPE_INT32},     {"<i8", TENON_DTYPE_INT64},      {"|u1", TENON_DTYPE_UINT8},
    {"<u2", TENON_DTYPE_UINT16},    {"<u4", TENON_DTYPE_UINT32},     {"<u8", TENON_DTYPE_UINT64},
    {"<c8", TENON_DTYPE_COMPLEX64}, {"<c16", TENON_DTYPE_COMPLEX128}};

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

// The header is a Python dictionary literal that numpy always writes in the same form.
Header parse_header(const std::string& text) {
  static const std::regex descr(R"('descr'\s*:\s*'([^']*)')"), order(R"('fortran_order'\s*:\s*(True|False))"),
      shape(R"('shape'\s*:\s*\(([0-9,\sL]*)\))"), number("[0-9]+");
  std::smatch match;
  Header header;
  if (!std::regex_search(text, match, descr))
    fail(TENON_INVALID_ARGUMENT, "the array's type is not a plain one: save one array of numbers or strings");
  header.descr = match[1];
  if (!std::regex_search(text, match, order)) fail(TENON_INVALID_ARGUMENT, "no fortran_order in the header");
  header.fortran_order = match[1] == "True";
  if (!std::regex_search(text, match, shape)) fail(TENON_INVALID_ARGUMENT, "no shape in the header");
  const std::string dims = match[1];
  for (std::sregex_iterator it(dims.begin(), dims.end(), number), end; it != end; ++it) {
    errno = 0;
    header.shape.push_back(std::strtoll(it->str().c_str(), nullptr, 10));
    if (errno != 0) fail(TENON_INVALID_ARGUMENT, "dimension ", it->str(), " does not fit in 64 bits");
  }
  return header;
}

Header read_header(std::istream& in) {
  char start[kMagicSize + 2];
  if (!in.read(start, sizeof start) || std::memcmp(start, kMagic, kMagicSize) != 0)
    fail(TENON_INVALID_ARGUMENT, "not a .npy file: it does not begin with \\x93NUMPY");
  const size_t length_bytes = start[kMagicSize] == 1 ? 2 : 4;
  unsigned char length[4] = {};
  if (!in.read(reinterpret_cast<char*>(length), static_cast<std::streamsize>(length_bytes)))
    fail(TENON_INVALID_ARGUMENT, "the file ends within its header");
  const uint32_t size = length[0] | length[1] << 8 | length[2] << 16 | static_cast<uint32_t>(length[3]) << 24;
  if (size > 1u << 16) fail(TENON_INVALID_ARGUMENT, "a header of ", size, " bytes is not one of a plain array");
  std::string text(size, '\0');
  if (!in.read(text.data(), size)) fail(TENON_INVALID_ARGUMENT, "the file ends within its header");
  return parse_header(text);
}

std::optional<uint32_t> dtype_of(std::string descr) {
  if (!descr.empty() && descr[0] == '=') descr[0] = '<';
  for (const NamedType& type : kTypes)
    if (descr == type.npy) return type.dtype;
  return std::nullopt;
}

// Nothing: they do not count in 64 bits.
std::optional<uint64_t> bytes_of(uint64_t element_bytes, const std::vector<int64_t>& shape) {
  uint64_t bytes = element_bytes;
  bool is_empty = false;
  for (const int64_t dim : shape) {
    is_empty = is_empty || dim == 0;
    if (dim != 0 && __builtin_mul_overflow(bytes, static_cast<uint64_t>(dim), &bytes)) return std::nullopt;
  }
  return is_empty ? 0 : bytes;
}

// "<U7": each string is 7 code points of 4 bytes, padded with zeros.
Tensor read_strings(std::istream& in, const Header& header, uint64_t remaining) {
  const size_t width = std::strtoul(header.descr.c_str() + 2, nullptr, 10);
  const auto count = bytes_of(1, header.shape);
  if (!count || *count > remaining || (*count > 0 && width > remaining / 4 / *count))
    fail(TENON_INVALID_ARGUMENT, "the file is too short for its ", shape_text(header.shape), " strings");
  std::vector<std::string> strings(*count);
  std::vector<char32_t> points(strings.empty() ? 0 : width);
  for (std::string& text : strings) {
    in.read(reinterpret_cast<char*>(points.data()), static_cast<std::streamsize>(4 * width));
    text = utf8_from_points(points);
  }
  return Tensor::strings(header.shape, std::move(strings));
}

Tensor read_array(std::istream& in, uint64_t file_size) {
  const Header header = read_header(in);
  if (header.fortran_order)
    fail(TENON_INVALID_ARGUMENT, "the array is in Fortran order: save numpy.ascontiguousarray(array)");
  const uint64_t remaining = file_size - static_cast<uint64_t>(in.tellg());
  if (header.descr.starts_with("<U")) return read_strings(in, header, remaining);
  const auto dtype = dtype_of(header.descr);
  if (!dtype)
    fail(TENON_INVALID_ARGUMENT, "array type '", header.descr,
         "' has no tensor type: use little-endian numbers, bools or unicode strings");
  const auto bytes = bytes_of(tenon_dtype_bits(*dtype) / 8, header.shape);
  if (!bytes || *bytes > remaining)
    fail(TENON_INVALID_ARGUMENT, "the file is too short: shape ", shape_text(header.shape), " of ",
         tenon_dtype_name(*dtype), " does not fit in the ", remaining, " bytes after its header");
  Tensor tensor = Tensor::zeros(*dtype, header.shape);
  in.read(static_cast<char*>(tensor.mutable_raw()), static_cast<std::streamsize>(*bytes));
  if (!in) fail(TENON_DATA_LOST, "reading failed: ", std::strerror(errno));
  return tensor;
}

// What numpy calls the type, or nothing for packed types.
std::string descr_of(uint32_t dtype) {
  for (const NamedType& type : kTypes)
    if (dtype == type.dtype) return type.npy;
  const uint32_t bits = tenon_dtype_bits(dtype);
  return bits >= 8 && dtype != TENON_DTYPE_STRING ? concat("|V", bits / 8) : "";
}

std::string header_text(const std::string& descr, const std::vector<int64_t>& shape) {
  std::string dims;
  for (int64_t d : shape) dims += concat(dims.empty() ? "" : ", ", d);
  if (shape.size() == 1) dims += ",";
  std::string text = concat("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", dims, "), }");
  // The data starts at a multiple of 64.
  const size_t unpadded = kMagicSize + 4 + text.size() + 1;
  text.append((64 - unpadded % 64) % 64, ' ');
  text += '\n';
  const auto size = static_cast<uint16_t>(text.size());
  const char start[] = {1, 0, static_cast<char>(size & 0xff), static_cast<char>(size >> 8)};
  return std::string(kMagic, kMagicSize) + std::string(start, sizeof start) + text;
}

void write_strings(std::ostream& out, const ResultView& tensor) {
  std::vector<std::vector<char32_t>> all;
  size_t width = 1;
  for (int64_t i = 0, count = tensor.element_count(); i < count; ++i) {
    all.push_back(points_from_utf8(string_element(tensor, i)));
    width = std::max(width, all.back().size());
  }
  out << header_text(concat("<U", width), tensor.shape());
  for (auto& points : all) {
    points.resize(width);
    out.write(reinterpret_cast<const char*>(points.data()), static_cast<std::streamsize>(4 * width));
  }
}

}  // namespace

Tensor read_npy(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) fail(TENON_NOT_FOUND, "'", path.string(), "' cannot be opened: ", std::strerror(errno));
  const auto size = static_cast<uint64_t>(in.tellg());
  in.seekg(0);
  return in_context("'" + path.string() + "'", [&] { return read_array(in, size); });
}

void write_npy(const std::filesystem::path& path, const ResultView& tensor) {
  const std::string descr = descr_of(tensor.dtype());
  if (descr.empty() && tensor.dtype() != TENON_DTYPE_STRING)
    fail(TENON_UNSUPPORTED, "'", path.string(), "': .npy has no type for ", tenon_dtype_name(tensor.dtype()));
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (out && tensor.dtype() == TENON_DTYPE_STRING) {
    write_strings(out, tensor);
  } else if (out) {
    out << header_text(descr, tensor.shape());
    out.write(static_cast<const char*>(tensor.raw()), static_cast<std::streamsize>(tensor.byte_length()));
  }
  out.close();
  if (!out) fail(TENON_INVALID_ARGUMENT, "'", path.string(), "' cannot be written: ", std::strerror(errno));
}

}  // namespace tenon::tools
