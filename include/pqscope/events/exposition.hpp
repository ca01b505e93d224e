#ifndef PQSCOPE_EVENTS_EXPOSITION_HPP
#define PQSCOPE_EVENTS_EXPOSITION_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/events/duration_histogram.hpp>
#include <pqscope/events/number_text.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// A label of a sample; any text may be its value.
struct exposition_label {
  std::string_view name;
  std::string_view value;
};

/// A text in Prometheus' exposition format 0.0.4 in the making: families, each with its samples.
/// Source: Prometheus, "Exposition formats".
class exposition {
 public:
  /// \param prefix   begins each name: letters, digits and underscores, no digit in front; anything
  ///                 else is a usage_error
  explicit exposition(std::string_view prefix, std::source_location const& where = {})
      : prefix_{prefix} {
    bool good = !prefix.empty() && !(prefix.front() >= '0' && prefix.front() <= '9');
    for (char const c : prefix) {
      good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_');
    }
    if (!good) {
      throw usage_error(
          "a metric's prefix has letters, digits and underscores and begins with no digit", where);
    }
  }

  /// Begins a family of samples; the format wants each name only once.
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = prefix_;
    name_ += '_';
    name_ += name;
    text_ += "# HELP " + name_ + ' ';
    append_escaped(help, false);
    text_ += "\n# TYPE " + name_ + ' ';
    text_ += type;
    text_ += '\n';
  }

  /// Adds a sample to the family.
  void sample(std::initializer_list<exposition_label> labels, std::uint64_t value) {
    begin({}, labels);
    append_number(text_, value);
    text_ += '\n';
  }

  /// Adds a sample to the family: a time, in seconds.
  void time(std::initializer_list<exposition_label> labels, std::chrono::nanoseconds value) {
    begin({}, labels);
    append_seconds(text_, nanoseconds_of(value.count() > 0 ? value : std::chrono::nanoseconds{0}));
    text_ += '\n';
  }

  /// Adds a family of one sample.
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, "counter", help);
    sample({}, value);
  }

  /// Adds a histogram's samples to the family: cumulative buckets, sum, and the count, which is
  /// that of the last bucket.
  void histogram(std::initializer_list<exposition_label> labels, duration_counts const& counts) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counts.buckets.size(); ++i) {
      below += counts.buckets[i];
      std::string bound{"+Inf"};
      if (i < duration_bounds.size()) {
        bound.clear();
        append_seconds(bound, nanoseconds_of(duration_bounds[i]));
      }
      begin("_bucket", labels, bound);
      append_number(text_, below);
      text_ += '\n';
    }
    begin("_sum", labels);
    append_seconds(text_, nanoseconds_of(counts.sum));
    text_ += '\n';
    begin("_count", labels);
    append_number(text_, below);
    text_ += '\n';
  }

  /// What has been made so far.
  std::string const& text() const noexcept { return text_; }

 private:
  static std::uint64_t nanoseconds_of(std::chrono::nanoseconds duration) noexcept {
    return static_cast<std::uint64_t>(duration.count());
  }

  void begin(std::string_view suffix, std::initializer_list<exposition_label> labels,
             std::string_view bound = {}) {
    text_ += name_;
    text_ += suffix;
    char before = '{';
    auto const add = [&](exposition_label const& label) {
      text_ += before;
      text_ += label.name;
      text_ += "=\"";
      append_escaped(label.value, true);
      text_ += '"';
      before = ',';
    };
    for (exposition_label const& each : labels) {
      add(each);
    }
    if (!bound.empty()) {
      add({"le", bound});
    }
    text_ += before == ',' ? "} " : " ";
  }

  void append_escaped(std::string_view text, bool in_quotes) {
    for (char const c : text) {
      if (c == '\\' || c == '\n' || (c == '"' && in_quotes)) {
        text_ += '\\';
      }
      text_ += c == '\n' ? 'n' : c;
    }
  }

  std::string prefix_;
  std::string name_;
  std::string text_;
};

}  // namespace pqscope::detail

#endif
