#include "host/formats/onnx/foreign_formats.h"

#include <cstring>

namespace tenon::host {
namespace {

struct Signature {
  size_t offset;
  std::string_view bytes;
  std::string_view description;
};

constexpr Signature kSignatures[] = {
    {4, "ORTM", "it is in ONNX Runtime's .ort format; give the .onnx model that it was made from"},
    {0, "version https://git-lfs", "it is a Git LFS pointer; fetch the real file with 'git lfs pull'"},
    {0, "../", "it is the text of a symbolic link, as a checkout or a copy without links leaves it; give the file it names"},
    {0, "PK\x03\x04", "it is a zip archive, such as a PyTorch checkpoint; export the model to ONNX first"},
    {0, "\x89HDF", "it is an HDF5 file, such as a Keras model; convert the model to ONNX first"},
    {4, "TFL3", "it is a TensorFlow Lite model; convert it to ONNX first"},
    {0, "\x1f\x8b", "it is compressed with gzip; unpack it first"},
    {0, "GGUF", "it is a GGUF file; give an ONNX model"},
    {0, "<!DOCTYPE", "it is a web page; the download went wrong"},
    {0, "<html", "it is a web page; the download went wrong"},
    {0, "\x93NUMPY", "it is a NumPy array; give it as an input, not as the model"},
};

}  // namespace

std::string_view describe_foreign_format(std::span<const std::byte> bytes) {
  for (const Signature& s : kSignatures)
    if (bytes.size() >= s.offset + s.bytes.size() &&
        std::memcmp(bytes.data() + s.offset, s.bytes.data(), s.bytes.size()) == 0)
      return s.description;
  return {};
}

}  // namespace tenon::host
