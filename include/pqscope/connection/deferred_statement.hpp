#ifndef PQSCOPE_CONNECTION_DEFERRED_STATEMENT_HPP
#define PQSCOPE_CONNECTION_DEFERRED_STATEMENT_HPP

#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <cstddef>
#include <memory>
#include <source_location>
#include <string_view>

namespace pqscope::detail {

/// Copies of a statement's parameters, in one piece of memory.
class kept_parameters {
 public:
  explicit kept_parameters(libpq::parameters const& bound) : count_{bound.count} {
    auto const count = static_cast<std::size_t>(count_);
    std::size_t total = count * per_value;
    for (std::size_t i = 0; i < count; ++i) {
      total += bound.values[i] == nullptr ? 0 : size_of(bound, i);
    }
    if (total == 0) {
      return;
    }
    memory_ = std::make_unique<char[]>(total);
    auto* const values = reinterpret_cast<char const**>(memory_.get());
    auto* const types = reinterpret_cast<unsigned*>(values + count);
    auto* const lengths = reinterpret_cast<int*>(types + count);
    auto* const formats = lengths + count;
    auto* bytes = reinterpret_cast<char*>(formats + count);
    for (std::size_t i = 0; i < count; ++i) {
      types[i] = bound.types[i];
      formats[i] = bound.formats[i];
      lengths[i] = 0;
      values[i] = nullptr;
      if (bound.values[i] != nullptr) {
        std::size_t const size = size_of(bound, i);
        lengths[i] = static_cast<int>(size);
        values[i] = static_cast<char const*>(__builtin_memcpy(bytes, bound.values[i], size));
        bytes += size;
      }
    }
  }

  /// What libpq is given; holds as long as this object, wherever it is moved.
  libpq::parameters view() const noexcept {
    if (!memory_) {
      return {};
    }
    auto const count = static_cast<std::size_t>(count_);
    auto const* const values = reinterpret_cast<char const* const*>(memory_.get());
    auto const* const types = reinterpret_cast<unsigned const*>(values + count);
    auto const* const lengths = reinterpret_cast<int const*>(types + count);
    return {count_, types, values, lengths, lengths + count};
  }

 private:
  static constexpr std::size_t per_value = sizeof(char const*) + sizeof(unsigned) + 2 * sizeof(int);

  /// Bytes to copy, the NUL of a text included.
  static std::size_t size_of(libpq::parameters const& bound, std::size_t i) noexcept {
    return bound.formats[i] == 1 ? static_cast<std::size_t>(bound.lengths[i])
                                 : std::string_view{bound.values[i]}.size() + 1;
  }

  int count_;
  std::unique_ptr<char[]> memory_;
};

/// Who wants the answer to a deferred statement; it outlives that, unless the statement is never
/// sent.
class answer_sink {
 public:
  answer_sink(answer_sink const&) = delete;
  answer_sink& operator=(answer_sink const&) = delete;
  virtual ~answer_sink() = default;

  /// The statement was carried out, and all that was sent with it.
  virtual void take(libpq::result_handle answer) noexcept = 0;
  /// The server refused the statement: throws where that means something else than the error.
  virtual void explain(std::string_view sqlstate, std::source_location const& where) const = 0;

 protected:
  answer_sink() = default;
};

/// A statement that is kept until something is sent: one of the user's whose result nobody looks
/// at, or one of a flush, whose answer, in binary format, goes to a sink.
class deferred_statement {
 public:
  deferred_statement(sql_view const& text, libpq::parameters const& bound,
                     answer_sink* sink = nullptr, bool keeps_text = false)
      : text_{text}, parameters_{bound}, sink_{sink} {
    if (text.is_dynamic || keeps_text) {
      std::string_view const kept = text.str();
      own_ = std::make_unique<char[]>(kept.size() + 1);  // with a NUL at its end
      __builtin_memcpy(own_.get(), kept.data(), kept.size());
      text_.text = own_.get();
    }
  }

  sql_view const& text() const noexcept { return text_; }
  libpq::parameters parameters() const noexcept { return parameters_.view(); }
  /// Who wants the answer; null if nobody does.
  answer_sink* sink() const noexcept { return sink_; }
  /// The answer has been handed over.
  void forget_sink() noexcept { sink_ = nullptr; }

 private:
  sql_view text_;
  std::unique_ptr<char[]> own_;
  kept_parameters parameters_;
  answer_sink* sink_;
};

}  // namespace pqscope::detail

#endif
