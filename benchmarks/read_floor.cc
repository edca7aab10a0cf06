// The least that a process can do with a model: map its file and read every byte once. usage: read_floor FILE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

int main(int argc, char** argv) {
  const int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) {
    std::fprintf(stderr, "usage: read_floor FILE, which must be readable\n");
    return 1;
  }
  const auto bytes = static_cast<size_t>(info.st_size);
  const void* mapped = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) {
    std::perror("mmap");
    return 1;
  }
  const auto* words = static_cast<const uint64_t*>(mapped);
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes / sizeof(uint64_t); ++i) sum += words[i];
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
  return 0;
}
