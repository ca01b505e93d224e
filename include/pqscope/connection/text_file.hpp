#ifndef PQSCOPE_CONNECTION_TEXT_FILE_HPP
#define PQSCOPE_CONNECTION_TEXT_FILE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>

namespace pqscope::detail {

/// A file read whole.
struct text_file {
  std::string text;  ///< its bytes
  int error = 0;     ///< `errno` of what failed, 0 if all was read
};

/// A file of the C library, which it closes.
class open_file {
 public:
  explicit open_file(std::FILE* file) noexcept : file_{file} {}
  open_file(open_file const&) = delete;
  open_file& operator=(open_file const&) = delete;
  ~open_file() {
    if (file_ != nullptr) {
      static_cast<void>(std::fclose(file_));
    }
  }

  /// Null where it could not be opened.
  std::FILE* get() const noexcept { return file_; }

 private:
  std::FILE* file_;
};

/// Reads the file at `path`; says by `error` why it cannot.
inline text_file read_text_file(std::string const& path) {
  text_file read;
  errno = 0;
  open_file const file{std::fopen(path.c_str(), "rb")};
  if (file.get() == nullptr) {
    read.error = errno == 0 ? EIO : errno;
    return read;
  }
  char block[4096];
  while (std::size_t const count = std::fread(block, 1, sizeof block, file.get())) {
    read.text.append(block, count);
  }
  if (std::ferror(file.get()) != 0) {
    read.error = errno == 0 ? EIO : errno;
  }
  return read;
}

}  // namespace pqscope::detail

#endif
