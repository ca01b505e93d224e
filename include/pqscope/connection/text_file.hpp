#ifndef PQSCOPE_CONNECTION_TEXT_FILE_HPP
#define PQSCOPE_CONNECTION_TEXT_FILE_HPP

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

namespace pqscope::detail {

/// A file read whole.
struct text_file {
  std::string text;  ///< its bytes
  int error = 0;     ///< `errno` of what failed, 0 if all was read
};

/// Reads the file at `path`; says by `error` why it cannot.
inline text_file read_text_file(std::string const& path) {
  struct close_file {
    void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
  };
  text_file read;
  errno = 0;
  std::unique_ptr<std::FILE, close_file> const file{std::fopen(path.c_str(), "rb")};
  if (!file) {
    read.error = errno == 0 ? EIO : errno;
    return read;
  }
  std::array<char, 4096> block{};
  while (std::size_t const count = std::fread(block.data(), 1, block.size(), file.get())) {
    read.text.append(block.data(), count);
  }
  if (std::ferror(file.get()) != 0) {
    read.error = errno == 0 ? EIO : errno;
  }
  return read;
}

}  // namespace pqscope::detail

#endif
