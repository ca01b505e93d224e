#ifndef PQSCOPE_SQL_LEADING_WORDS_HPP
#define PQSCOPE_SQL_LEADING_WORDS_HPP

#include <pqscope/sql/control.hpp>
#include <pqscope/sql/keyword.hpp>

#include <cstddef>

namespace pqscope::detail {

/// The first words of a statement, as far as they say what kind of statement it is.
class leading_words {
 public:
  static constexpr std::size_t capacity = 4;

  constexpr void add(keyword word) noexcept {
    if (!full()) {
      words_[size_++] = word;
    }
  }

  constexpr bool full() const noexcept { return size_ == capacity; }

  constexpr bool empty() const noexcept { return size_ == 0; }

  constexpr bool creates_routine() const noexcept {
    if (words_[0] != keyword::create) {
      return false;
    }
    bool const replaces = words_[1] == keyword::logical_or && words_[2] == keyword::replace;
    keyword const what = words_[replaces ? 3 : 1];
    return what == keyword::function || what == keyword::procedure;
  }

  constexpr control verb() const noexcept {
    switch (words_[0]) {
      case keyword::begin:
        return control::begin;
      case keyword::start:
        return words_[1] == keyword::transaction ? control::begin : control::none;
      case keyword::end:
        return control::commit;
      case keyword::commit:
        return words_[1] == keyword::prepared ? control::commit_prepared : control::commit;
      case keyword::abort:
        return control::rollback;
      case keyword::rollback:
        return verb_of_rollback();
      case keyword::savepoint:
        return control::savepoint;
      case keyword::release:
        return control::release;
      case keyword::prepare:
        return prepares_transaction() ? control::prepare_transaction : control::none;
      case keyword::copy:
        return control::copy;
      default:
        return control::none;
    }
  }

 private:
  constexpr control verb_of_rollback() const noexcept {
    if (words_[1] == keyword::prepared) {
      return control::rollback_prepared;
    }
    bool const noise = words_[1] == keyword::work || words_[1] == keyword::transaction;
    return words_[noise ? 2 : 1] == keyword::to ? control::rollback_to : control::rollback;
  }

  // `transaction` is no reserved word: PREPARE transaction AS … makes a statement of that name.
  constexpr bool prepares_transaction() const noexcept {
    return words_[1] == keyword::transaction && words_[2] != keyword::as &&
           words_[2] != keyword::open_parenthesis;
  }

  keyword words_[capacity] = {};
  std::size_t size_ = 0;
};

}  // namespace pqscope::detail

#endif
