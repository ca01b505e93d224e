#ifndef PQSCOPE_TRANSFER_LARGE_OBJECT_STREAMBUF_HPP
#define PQSCOPE_TRANSFER_LARGE_OBJECT_STREAMBUF_HPP

#include <pqscope/transfer/large_object.hpp>

#include <cstddef>
#include <cstdint>
#include <ios>
#include <istream>
#include <ostream>
#include <source_location>
#include <span>
#include <streambuf>
#include <string>

namespace pqscope {

/// A large object as the buffer of a standard stream:
///
///     pqscope::large_object_streambuf buffer{lo};
///     std::istream in{&buffer};
///
/// Reads and writes chunks, from the object's position on; use that one itself only after a flush
/// or a seek of the stream. What the database throws makes the stream `bad()`, or comes through
/// where its `exceptions()` say so: `in.exceptions(std::ios::badbit)`. The destructor writes what
/// is still buffered; what goes wrong then reaches only the observer: flush first. Neither copied
/// nor moved; ends before its large object.
class large_object_streambuf : public std::streambuf {
 public:
  /// Buffers `of`. No round trip.
  explicit large_object_streambuf(large_object& of)
      : of_{of}, buffer_(large_object::chunk_size, '\0') {}
  large_object_streambuf(large_object_streambuf const&) = delete;
  large_object_streambuf& operator=(large_object_streambuf const&) = delete;
  ~large_object_streambuf() override {
    if (pptr() != pbase()) {
      of_.write_last(written());
    }
  }

 protected:
  /// Reads the next chunk.
  int_type underflow() override {
    write_out();
    std::size_t const size =
        of_.read(std::as_writable_bytes(std::span{buffer_.data(), buffer_.size()}));
    setg(buffer_.data(), buffer_.data(), buffer_.data() + size);
    return size > 0 ? traits_type::to_int_type(*gptr()) : traits_type::eof();
  }

  /// Writes the chunk and begins another.
  int_type overflow(int_type next) override {
    if (pptr() != nullptr) {
      write_out();
    } else {
      go_back();
    }
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    if (!traits_type::eq_int_type(next, traits_type::eof())) {
      *pptr() = traits_type::to_char_type(next);
      pbump(1);
    }
    return traits_type::not_eof(next);
  }

  /// Writes what has not been written.
  int sync() override {
    write_out();
    go_back();
    return 0;
  }

  /// Seeks by a number of bytes.
  pos_type seekoff(off_type by, std::ios_base::seekdir from, std::ios_base::openmode) override {
    if (from == std::ios_base::cur && by == 0) {
      return of_.tell() + (pptr() - pbase()) - (egptr() - gptr());
    }
    sync();
    return of_.seek(by, from == std::ios_base::beg   ? seek_from::begin
                        : from == std::ios_base::end ? seek_from::end
                                                     : seek_from::current);
  }

  /// Seeks to a place.
  pos_type seekpos(pos_type to, std::ios_base::openmode which) override {
    return seekoff(to, std::ios_base::beg, which);
  }

 private:
  std::span<std::byte const> written() const noexcept {
    return std::as_bytes(std::span{pbase(), static_cast<std::size_t>(pptr() - pbase())});
  }
  /// Writes what is buffered.
  void write_out() {
    if (pptr() != pbase()) {
      of_.write(written());
    }
    setp(nullptr, nullptr);
  }
  /// Puts the object's position where reading is.
  void go_back() {
    if (egptr() != gptr()) {
      of_.seek(of_.tell() - (egptr() - gptr()));
    }
    setg(nullptr, nullptr, nullptr);
  }

  large_object& of_;
  std::string buffer_;
};

namespace detail {

/// Reads the next chunk of a stream; 0 at its end.
///
/// Reads by its buffer: `istream::read` takes the end of the data for a failure, which a stream may
/// have been told to throw.
inline std::size_t read_chunk(std::istream& from, std::string& chunk) {
  try {
    if (!from.fail()) {
      auto const size = static_cast<std::streamsize>(chunk.size());
      return from.eof() ? 0 : static_cast<std::size_t>(from.rdbuf()->sgetn(chunk.data(), size));
    }
  } catch (...) {
    if ((from.exceptions() & std::ios::badbit) != 0) {
      throw;
    }
    from.setstate(std::ios::badbit);
  }
  throw std::ios_base::failure("the stream that was imported into a large object failed");
}

}  // namespace detail

/// Writes all that a stream has left at the large object's position, in memory for one chunk;
/// returns how many bytes. A round trip for each chunk.
/// \throws std::ios_base::failure if the stream goes bad; all chunks but the last have been written
inline std::uint64_t import_large_object(
    large_object& to, std::istream& from,
    std::source_location where = std::source_location::current()) {
  std::string chunk(large_object::chunk_size, '\0');
  std::uint64_t total = 0;
  std::size_t size = 0;
  do {
    size = detail::read_chunk(from, chunk);
    to.write(std::as_bytes(std::span{chunk.data(), size}), where);
    total += size;
  } while (size > 0);
  return total;
}

/// Writes all from the large object's position on to a stream, in memory for one chunk; returns how
/// many bytes. A round trip for each chunk.
/// \throws std::ios_base::failure if the stream fails
inline std::uint64_t export_large_object(
    large_object& from, std::ostream& to,
    std::source_location where = std::source_location::current()) {
  std::string chunk(large_object::chunk_size, '\0');
  std::uint64_t total = 0;
  for (std::size_t size = chunk.size(); size == chunk.size();) {
    size = from.read(std::as_writable_bytes(std::span{chunk.data(), chunk.size()}), where);
    to.write(chunk.data(), static_cast<std::streamsize>(size));
    if (!to) {
      throw std::ios_base::failure("the stream that a large object was exported to failed");
    }
    total += size;
  }
  return total;
}

}  // namespace pqscope

#endif
