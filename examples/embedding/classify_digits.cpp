// Reads 8 x 8 images of handwritten digits (binary PGM), prints each with the digit that the model sees in it, and ends
// with the session's report.   usage: classify_digits MODEL IMAGE.pgm ...
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <tenon/tenon.hpp>

struct Image {
  size_t width = 0, height = 0;
  std::vector<float> pixels;  // 0 to 1
};

Image read_pgm(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  size_t width = 0, height = 0, brightest = 0;
  if (!(file >> magic >> width >> height >> brightest) || magic != "P5" || brightest - 1 > 254)
    throw std::runtime_error(path + " is no binary PGM image");
  if (width != 8 || height != 8) throw std::runtime_error(path + " is not 8 x 8 pixels");
  std::vector<char> bytes(width * height);
  file.get();
  if (!file.read(bytes.data(), bytes.size())) throw std::runtime_error(path + " ends too early");
  Image image{width, height, {}};
  for (char byte : bytes) image.pixels.push_back(static_cast<unsigned char>(byte) / float(brightest));
  return image;
}

void print(const Image& image) {
  static const std::string shades = " .:-=+*#%@";
  for (size_t y = 0; y < image.height; ++y) {
    std::printf("    ");
    for (size_t x = 0; x < image.width; ++x) {
      const char shade = shades[std::min<size_t>(image.pixels[y * image.width + x] * shades.size(), shades.size() - 1)];
      std::printf("%c%c", shade, shade);  // characters are twice as high as wide
    }
    std::printf("\n");
  }
}

int main(int argc, char** argv) try {
  if (argc < 3) throw std::runtime_error("usage: classify_digits MODEL IMAGE.pgm ...");
  tenon::Session session(argv[1]);
  for (int i = 2; i < argc; ++i) {
    const Image image = read_pgm(argv[i]);
    const auto results = session.run({{"image", tenon::Tensor::of<float>({1, 1, 8, 8}, image.pixels)}});
    const auto scores = results[0].to_vector<float>();
    const auto best = std::max_element(scores.begin(), scores.end());
    print(image);
    std::printf("%s: digit %d, confidence %.1f %%\n\n", argv[i], int(best - scores.begin()), 100 * *best);
  }
  std::printf("%s", session.report().c_str());
} catch (const std::exception& failure) {
  std::fprintf(stderr, "error: %s\n", failure.what());
  return 1;
}
