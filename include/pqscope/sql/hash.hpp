#ifndef PQSCOPE_SQL_HASH_HPP
#define PQSCOPE_SQL_HASH_HPP

#include <cstdint>
#include <string_view>

namespace pqscope {

/// The 64-bit FNV-1a hash of `text`, by which statements are looked up.
///
/// The same while compiling and at run time, on every platform and in every release. It is no
/// protection against texts chosen to collide: whoever looks a text up compares it as well.
/// Linear in the length. Source: the FNV hash as described by Fowler, Noll and Vo.
constexpr std::uint64_t hash_sql(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (char const c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x00000100000001b3U;
  }
  return hash;
}

}  // namespace pqscope

#endif
