#ifndef PQSCOPE_TESTING_MESSAGE_FRAMER_HPP
#define PQSCOPE_TESTING_MESSAGE_FRAMER_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pqscope::testing::detail {

/// One message of the protocol as it lies in a message_framer's buffer.
struct framed_message {
  char type = '\0';        ///< the type byte; '\0' for the packets before and at start-up
  std::string_view bytes;  ///< all of it: type, length, body
  std::string_view body;   ///< what follows the length
};

/// The four bytes at the start of `bytes` as a big-endian number; `bytes` has that many.
inline std::uint32_t read_uint32(std::string_view bytes) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

/// The text at the start of `bytes` up to a NUL, which is removed with it.
inline std::string_view take_text(std::string_view& bytes) noexcept {
  std::string_view const text = bytes.substr(0, bytes.find('\0'));
  bytes.remove_prefix(text.size() == bytes.size() ? text.size() : text.size() + 1);
  return text;
}

/// Cuts a stream of bytes into the messages of protocol 3.
///
/// A length that cannot be one ends the framing: all further bytes come out as one message of type
/// '\0' with an empty body. Source: PostgreSQL protocol, "Message Formats".
class message_framer {
 public:
  /// Adds bytes that have arrived. Invalidates the views handed out.
  void append(std::string_view bytes) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    buffer_ += bytes;
  }

  /// The next whole message, or nothing until more bytes arrive. `typed` is false for the packets a
  /// client sends up to its StartupMessage, which have no type byte. The views live until append().
  std::optional<framed_message> next(bool typed = true) {
    std::string_view const rest = std::string_view(buffer_).substr(begin_);
    std::size_t const prefix = typed ? 1 : 0;
    if (rest.empty() || (!broken_ && rest.size() < prefix + 4)) {
      return std::nullopt;
    }
    std::size_t const length = broken_ ? 0 : read_uint32(rest.substr(prefix));
    broken_ = broken_ || length < 4 || length > 0x7fff'ffff;
    if (broken_) {
      begin_ = buffer_.size();
      return framed_message{'\0', rest, {}};
    }
    if (rest.size() < prefix + length) {
      return std::nullopt;
    }
    begin_ += prefix + length;
    return framed_message{typed ? rest[0] : '\0', rest.substr(0, prefix + length),
                          rest.substr(prefix + 4, length - 4)};
  }

  /// The bytes not handed out yet, which are removed.
  std::string take_rest() {
    std::string rest = buffer_.substr(begin_);
    buffer_.clear();
    begin_ = 0;
    return rest;
  }

 private:
  std::string buffer_;
  std::size_t begin_ = 0;
  bool broken_ = false;
};

}  // namespace pqscope::testing::detail

#endif
