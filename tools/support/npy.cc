#include "tools/support/npy.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <regex>
#include <string>

#include "tools/support/utf.h"

namespace tenon::tools {
namespace {

using host::concat;
using host::error;
using host::Result;
using host::Status;
using host::Tensor;

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicSize = 6;

struct NamedType {
  const char* npy;
  tn_dtype dtype;
};
constexpr NamedType kTypes[] = {{"<f4", TN_FLOAT},     {"<f8", TN_DOUBLE},     {"<f2", TN_FLOAT16}, {"|b1", TN_BOOL},
                                {"|i1", TN_INT8},      {"<i2", TN_INT16},      {"<i4", TN_INT32},   {"<i8", TN_INT64},
                                {"|u1", TN_UINT8},     {"<u2", TN_UINT16},     {"<u4", TN_UINT32},  {"<u8", TN_UINT64},
                                {"<c8", TN_COMPLEX64}, {"<c16", TN_COMPLEX128}};

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

// The header is a Python dictionary literal that numpy always writes in the same form.
Result<Header> parse_header(const std::string& text) {
  static const std::regex descr(R"('descr'\s*:\s*'([^']*)')"), order(R"('fortran_order'\s*:\s*(True|False))"),
      shape(R"('shape'\s*:\s*\(([0-9,\sL]*)\))"), number("[0-9]+");
  std::smatch match;
  Header header;
  if (!std::regex_search(text, match, descr))
    return error(TN_INVALID_ARGUMENT, "the array's type is not a plain one: save one array of numbers or strings");
  header.descr = match[1];
  if (!std::regex_search(text, match, order)) return error(TN_INVALID_ARGUMENT, "no fortran_order in the header");
  header.fortran_order = match[1] == "True";
  if (!std::regex_search(text, match, shape)) return error(TN_INVALID_ARGUMENT, "no shape in the header");
  const std::string dims = match[1];
  for (std::sregex_iterator it(dims.begin(), dims.end(), number), end; it != end; ++it) {
    errno = 0;
    header.shape.push_back(std::strtoll(it->str().c_str(), nullptr, 10));
    if (errno != 0) return error(TN_INVALID_ARGUMENT, "dimension ", it->str(), " does not fit in 64 bits");
  }
  return header;
}

Result<Header> read_header(std::istream& in) {
  char start[kMagicSize + 2];
  if (!in.read(start, sizeof start) || std::memcmp(start, kMagic, kMagicSize) != 0)
    return error(TN_INVALID_ARGUMENT, "not a .npy file: it does not begin with \\x93NUMPY");
  const size_t length_bytes = start[kMagicSize] == 1 ? 2 : 4;
  unsigned char length[4] = {};
  if (!in.read(reinterpret_cast<char*>(length), static_cast<std::streamsize>(length_bytes)))
    return error(TN_INVALID_ARGUMENT, "the file ends within its header");
  const uint32_t size = length[0] | length[1] << 8 | length[2] << 16 | static_cast<uint32_t>(length[3]) << 24;
  if (size > 1u << 16) return error(TN_INVALID_ARGUMENT, "a header of ", size, " bytes is not one of a plain array");
  std::string text(size, '\0');
  if (!in.read(text.data(), size)) return error(TN_INVALID_ARGUMENT, "the file ends within its header");
  return parse_header(text);
}

std::optional<tn_dtype> dtype_of(std::string descr) {
  if (!descr.empty() && descr[0] == '=') descr[0] = '<';
  for (const NamedType& type : kTypes)
    if (descr == type.npy) return type.dtype;
  return std::nullopt;
}

// "<U7": each string is 7 code points of 4 bytes, padded with zeros.
Result<Tensor> read_strings(std::istream& in, const Header& header, uint64_t remaining) {
  const size_t width = std::strtoul(header.descr.c_str() + 2, nullptr, 10);
  const auto count = host::checked_element_count(header.shape);
  const auto bytes = (count * host::CheckedSize(width) * host::CheckedSize(4)).get();
  if (!bytes || *bytes > remaining || !count.fits(remaining))
    return error(TN_INVALID_ARGUMENT, "the file is too short for its ", host::shape_text(header.shape), " strings");
  std::vector<std::string> strings(*count.get());
  std::vector<char32_t> points(width);
  for (std::string& text : strings) {
    in.read(reinterpret_cast<char*>(points.data()), static_cast<std::streamsize>(4 * width));
    text = utf8_from_points(points);
  }
  return Tensor::from_strings(header.shape, std::move(strings), host::Residence::kRuntime);
}

Result<Tensor> read_array(std::istream& in, uint64_t file_size) {
  TENON_ASSIGN_OR_RETURN(const Header header, read_header(in));
  if (header.fortran_order)
    return error(TN_INVALID_ARGUMENT, "the array is in Fortran order: save numpy.ascontiguousarray(array)");
  const uint64_t remaining = file_size - static_cast<uint64_t>(in.tellg());
  if (header.descr.starts_with("<U")) return read_strings(in, header, remaining);
  const auto dtype = dtype_of(header.descr);
  if (!dtype)
    return error(TN_INVALID_ARGUMENT, "array type '", header.descr,
                 "' has no tensor type: use little-endian numbers, bools or unicode strings");
  const auto bytes = host::checked_byte_length(*dtype, header.shape).get();
  if (!bytes || *bytes > remaining)
    return error(TN_INVALID_ARGUMENT, "the file is too short: shape ", host::shape_text(header.shape), " of ",
                 host::dtype_name(*dtype), " does not fit in the ", remaining, " bytes after its header");
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(*dtype, header.shape, host::Residence::kRuntime));
  in.read(static_cast<char*>(tensor.mutable_data()), static_cast<std::streamsize>(*bytes));
  if (!in) return error(TN_DATA_LOST, "reading failed: ", std::strerror(errno));
  return tensor;
}

// What numpy calls the type, or nothing for packed types.
std::string descr_of(tn_dtype dtype) {
  for (const NamedType& type : kTypes)
    if (dtype == type.dtype) return type.npy;
  const int bits = host::dtype_bits(dtype);
  return bits >= 8 && dtype != TN_STRING ? concat("|V", bits / 8) : "";
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

void write_strings(std::ostream& out, const Tensor& tensor) {
  std::vector<std::vector<char32_t>> all;
  size_t width = 1;
  for (int64_t i = 0, count = tensor.element_count(); i < count; ++i) {
    all.push_back(points_from_utf8(tensor.string_at(i)));
    width = std::max(width, all.back().size());
  }
  out << header_text(concat("<U", width), tensor.shape());
  for (auto& points : all) {
    points.resize(width);
    out.write(reinterpret_cast<const char*>(points.data()), static_cast<std::streamsize>(4 * width));
  }
}

}  // namespace

Result<Tensor> read_npy(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return error(TN_NOT_FOUND, "'", path.string(), "' cannot be opened: ", std::strerror(errno));
  const auto size = static_cast<uint64_t>(in.tellg());
  in.seekg(0);
  auto tensor = read_array(in, size);
  if (!tensor.is_ok()) return tensor.status().with_context("'" + path.string() + "'");
  return tensor;
}

Status write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  const std::string descr = descr_of(tensor.dtype());
  if (descr.empty() && tensor.dtype() != TN_STRING)
    return error(TN_UNSUPPORTED, "'", path.string(), "': .npy has no type for ", host::dtype_name(tensor.dtype()));
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (out && tensor.dtype() == TN_STRING) {
    write_strings(out, tensor);
  } else if (out) {
    out << header_text(descr, tensor.shape());
    out.write(static_cast<const char*>(tensor.data()), static_cast<std::streamsize>(tensor.byte_length()));
  }
  out.close();
  if (!out) return error(TN_INVALID_ARGUMENT, "'", path.string(), "' cannot be written: ", std::strerror(errno));
  return {};
}

}  // namespace tenon::tools
