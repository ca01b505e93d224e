#ifndef PQSCOPE_TYPES_ENCODER_HPP
#define PQSCOPE_TYPES_ENCODER_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace pqscope {

namespace detail {
/// The most bytes PostgreSQL takes in one message. Source: `utils/memutils.h`, "MaxAllocSize".
inline constexpr std::size_t max_value_size = 0x3fffffff;
}  // namespace detail

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
  void put_int16(std::int16_t value) { put_integer(value); }

  /// Appends a 32-bit integer, most significant byte first.
  void put_int32(std::int32_t value) { put_integer(value); }

  /// Appends a 64-bit integer, most significant byte first.
  void put_int64(std::int64_t value) { put_integer(value); }

  /// Appends an integer of 16, 32 or 64 bits, most significant byte first.
  template <class Integer>
  void put_integer(Integer value) {
    store(grow(sizeof value), value);
  }

  /// Appends an integer of 16, 32 or 64 bits behind the number of its bytes, which takes four.
  template <class Integer>
  void put_sized(Integer value) {
    char* const at = grow(4 + sizeof value);
    store(at, std::uint32_t{sizeof value});
    store(at + 4, value);
  }

  /// Appends `text` as it is; no NUL byte is added.
  void append(std::string_view text) {
    if (!text.empty()) {
      __builtin_memcpy(grow(text.size()), text.data(), text.size());
    }
  }

  /// Appends `bytes` as they are.
  void append(std::span<std::byte const> bytes) {
    if (!bytes.empty()) {
      __builtin_memcpy(grow(bytes.size()), bytes.data(), bytes.size());
    }
  }

  /// Replaces the four bytes at `offset`, written earlier, by `value`: for lengths that are known
  /// only after what they count was written.
  void overwrite_int32(std::size_t offset, std::int32_t value) noexcept {
    store(data_ + offset, value);
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
  template <class Integer>
  static void store(char* target, Integer value) noexcept {
    std::uint64_t bytes = static_cast<std::uint64_t>(value);
    if constexpr (std::endian::native == std::endian::little) {
      bytes = __builtin_bswap64(bytes) >> (64 - 8 * sizeof value);
    }
    auto const ordered = static_cast<Integer>(bytes);
    __builtin_memcpy(target, &ordered, sizeof ordered);
  }

  /// Makes room for `count` more bytes and answers where they start.
  [[gnu::always_inline]] char* grow(std::size_t count) {
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
    __builtin_memcpy(larger.get(), data_, size_);
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
