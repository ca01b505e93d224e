#ifndef PQSCOPE_TYPES_ENCODER_HPP
#define PQSCOPE_TYPES_ENCODER_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace pqscope {

/// A growing buffer of bytes into which codecs write values, integers in network byte order.
///
/// The first `inline_capacity` bytes need no allocation. Growing moves the bytes, so pointers
/// from `data()` hold only until the next write; offsets stay valid. Writing throws
/// `std::bad_alloc` when memory runs out and nothing else. Not copyable, not movable.
class encoder {
 public:
  /// Bytes held within the object itself.
  static constexpr std::size_t inline_capacity = 512;

  /// An empty encoder; its inline storage stays uninitialized.
  encoder() noexcept {}
  encoder(encoder const&) = delete;
  encoder& operator=(encoder const&) = delete;
  ~encoder() = default;

  /// Appends one byte.
  void put_byte(unsigned char value) { *grow(1) = static_cast<char>(value); }

  /// Appends a 16-bit integer, most significant byte first.
  void put_int16(std::int16_t value) { put_unsigned<2>(static_cast<std::uint16_t>(value)); }

  /// Appends a 32-bit integer, most significant byte first.
  void put_int32(std::int32_t value) { put_unsigned<4>(static_cast<std::uint32_t>(value)); }

  /// Appends a 64-bit integer, most significant byte first.
  void put_int64(std::int64_t value) { put_unsigned<8>(static_cast<std::uint64_t>(value)); }

  /// Appends `text` as it is; no NUL byte is added.
  void append(std::string_view text) {
    if (!text.empty()) {
      std::memcpy(grow(text.size()), text.data(), text.size());
    }
  }

  /// Appends `bytes` as they are.
  void append(std::span<std::byte const> bytes) {
    if (!bytes.empty()) {
      std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
    }
  }

  /// Replaces the four bytes at `offset`, written earlier, by `value`: for lengths that are known
  /// only after what they count was written.
  void overwrite_int32(std::size_t offset, std::int32_t value) noexcept {
    store<4>(data_ + offset, static_cast<std::uint32_t>(value));
  }

  /// Number of bytes written so far; also the offset of the next byte.
  std::size_t size() const noexcept { return size_; }

  /// The bytes written so far; holds until the next write.
  char const* data() const noexcept { return data_; }

  /// The bytes written so far as a view; holds until the next write.
  std::string_view view() const noexcept { return {data_, size_}; }

  /// Forgets all bytes and keeps the storage.
  void clear() noexcept { size_ = 0; }

 private:
  template <class Unsigned>
  static Unsigned big_endian(Unsigned value) noexcept {
    if constexpr (std::endian::native == std::endian::big) {
      return value;
    } else if constexpr (sizeof(Unsigned) == 8) {
      return __builtin_bswap64(value);
    } else if constexpr (sizeof(Unsigned) == 4) {
      return __builtin_bswap32(value);
    } else {
      return __builtin_bswap16(value);
    }
  }

  template <std::size_t Size>
  static void store(char* target, std::uint64_t value) noexcept {
    // not as a loop: GCC makes one of it
    if constexpr (Size == 8) {
      std::uint64_t const swapped = big_endian(value);
      std::memcpy(target, &swapped, 8);
    } else if constexpr (Size == 4) {
      std::uint32_t const swapped = big_endian(static_cast<std::uint32_t>(value));
      std::memcpy(target, &swapped, 4);
    } else {
      std::uint16_t const swapped = big_endian(static_cast<std::uint16_t>(value));
      std::memcpy(target, &swapped, 2);
    }
  }

  template <std::size_t Size>
  void put_unsigned(std::uint64_t value) {
    store<Size>(grow(Size), value);
  }

  /// Makes room for `count` more bytes and answers where they start.
  char* grow(std::size_t count) {
    if (count > capacity_ - size_) [[unlikely]] {
      reallocate(count);
    }
    char* const target = data_ + size_;
    size_ += count;
    return target;
  }

  [[gnu::noinline, gnu::cold]] void reallocate(std::size_t count) {
    std::size_t const needed = size_ + count;
    std::size_t const capacity = needed > 2 * capacity_ ? needed : 2 * capacity_;
    auto larger = std::unique_ptr<char[]>(new char[capacity]);
    std::memcpy(larger.get(), data_, size_);
    heap_ = std::move(larger);
    data_ = heap_.get();
    capacity_ = capacity;
  }

  std::size_t size_ = 0;
  std::size_t capacity_ = inline_capacity;
  char* data_ = inline_;
  std::unique_ptr<char[]> heap_;
  char inline_[inline_capacity];
};

}  // namespace pqscope

#endif
