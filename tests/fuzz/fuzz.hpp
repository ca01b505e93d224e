#ifndef PQSCOPE_TESTS_FUZZ_FUZZ_HPP
#define PQSCOPE_TESTS_FUZZ_FUZZ_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <source_location>
#include <string_view>

/// What a target defines: it looks at one input and aborts where a property does not hold.
/// libFuzzer calls it, and so does replay.cpp with the files of `seeds/`.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace fuzz {

/// Aborts, with `property` and its place on stderr, unless it holds.
inline void require(bool holds, char const* property,
                    std::source_location where = std::source_location::current()) {
  if (!holds) {
    static_cast<void>(std::fprintf(stderr, "%s:%u: does not hold: %s\n", where.file_name(),
                                   static_cast<unsigned>(where.line()), property));
    std::abort();
  }
}

/// A copy of bytes in memory that ends with them, so that AddressSanitizer sees what reads on.
class exact_copy {
 public:
  explicit exact_copy(std::string_view bytes) : size_{bytes.size()}, bytes_{new char[size_]} {
    bytes.copy(bytes_.get(), size_);
  }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

inline std::string_view as_text(std::uint8_t const* data, std::size_t size) noexcept {
  return {reinterpret_cast<char const*>(data), size};
}

/// Takes the first byte off `input`; 0 where there is none.
inline unsigned take_byte(std::string_view& input) noexcept {
  if (input.empty()) {
    return 0;
  }
  auto const byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte;
}

}  // namespace fuzz

#endif
