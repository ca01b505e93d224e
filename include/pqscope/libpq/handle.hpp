#ifndef PQSCOPE_LIBPQ_HANDLE_HPP
#define PQSCOPE_LIBPQ_HANDLE_HPP

#include <utility>

namespace pqscope::libpq {

/// Sole owner of a pointer that a C library handed out.
///
/// Move-only, empty when default-constructed or moved from, as large as the pointer itself:
/// `Deleter` is an empty type whose call operator takes a non-null `T*`, releases it and does not
/// throw. Not synchronised: one thread at a time, as the object it owns.
template <class T, class Deleter>
class handle {
 public:
  /// Owns nothing.
  constexpr handle() noexcept = default;
  /// Takes ownership of `owned`, which may be null.
  constexpr explicit handle(T* owned) noexcept : owned_{owned} {}
  /// Takes what `other` owns; `other` is empty afterwards.
  constexpr handle(handle&& other) noexcept : owned_{other.release()} {}
  /// Releases what is owned, then takes what `other` owns. Assigning to itself changes nothing.
  constexpr handle& operator=(handle&& other) noexcept {
    if (this != &other) {
      reset(other.release());
    }
    return *this;
  }
  handle(handle const&) = delete;
  handle& operator=(handle const&) = delete;
  constexpr ~handle() { reset(); }

  /// The pointer owned, null when empty. Stays owned: do not free it.
  constexpr T* get() const noexcept { return owned_; }
  /// Whether something is owned.
  constexpr explicit operator bool() const noexcept { return owned_ != nullptr; }
  /// Gives the pointer up: the caller frees it. Empty afterwards.
  [[nodiscard]] constexpr T* release() noexcept { return std::exchange(owned_, nullptr); }
  /// Releases what is owned and owns `next` instead.
  constexpr void reset(T* next = nullptr) noexcept {
    if (T* const previous = std::exchange(owned_, next)) {
      Deleter{}(previous);
    }
  }

 private:
  T* owned_ = nullptr;
};

}  // namespace pqscope::libpq

#endif
