#ifndef PQSCOPE_TESTS_UNIT_EVENTS_EXPOSITION_READER_HPP
#define PQSCOPE_TESTS_UNIT_EVENTS_EXPOSITION_READER_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace support {

/// Reads Prometheus' text format 0.0.4, and refuses what does not follow it to the letter: each
/// family has one HELP and one TYPE line in front of its samples and stands together, no sample
/// comes twice, names and labels are well formed, and a histogram's buckets ascend in bound and
/// value, end in +Inf, and are followed by a sum and a count that agrees with the last.
class exposition_reader {
 public:
  /// Throws std::runtime_error with the line that is wrong.
  explicit exposition_reader(std::string_view text) {
    if (text.empty() || text.back() != '\n') {
      throw std::runtime_error("the last line has no end");
    }
    while (!text.empty()) {
      std::size_t const end = text.find('\n');
      line_ = text.substr(0, end);
      text.remove_prefix(end + 1);
      rest_ = line_;
      if (take("# HELP ")) {
        read_help();
      } else if (take("# TYPE ")) {
        read_type();
      } else {
        read_sample();
      }
    }
    require(helped_.empty(), "a HELP line without TYPE");
    end_of_series();
  }

  /// A sample by its name and labels as they were written; throws where there is none.
  double at(std::string const& sample) const { return samples_.at(sample); }
  /// Whether there is such a sample.
  bool has(std::string const& sample) const { return samples_.contains(sample); }
  /// All samples.
  std::map<std::string, double> const& samples() const { return samples_; }
  /// The type of each family.
  std::map<std::string, std::string> const& types() const { return types_; }

 private:
  void require(bool good, char const* what) const {
    if (!good) {
      throw std::runtime_error(std::string{what} + ": " + std::string{line_});
    }
  }
  bool take(std::string_view start) {
    if (!rest_.starts_with(start)) {
      return false;
    }
    rest_.remove_prefix(start.size());
    return true;
  }
  std::string take_name(bool colons) {
    std::size_t size = 0;
    while (size < rest_.size()) {
      char const c = rest_[size];
      bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      bool const digit = c >= '0' && c <= '9';
      if (!letter && !(digit && size > 0) && !(colons && c == ':')) {
        break;
      }
      ++size;
    }
    require(size > 0, "no name");
    std::string name{rest_.substr(0, size)};
    rest_.remove_prefix(size);
    return name;
  }
  void read_help() {
    end_of_series();
    require(helped_.empty(), "a HELP line after a HELP line");
    helped_ = take_name(true);
    require(!types_.contains(helped_), "a family begins twice");
    require(take(" ") && !rest_.empty(), "no help");
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
        require(i < rest_.size() && (rest_[i] == 'n' || rest_[i] == '\\'), "a bad escape");
      }
    }
  }
  void read_type() {
    family_ = take_name(true);
    require(family_ == helped_, "a TYPE line without its HELP");
    helped_.clear();
    require(take(" "), "no type");
    std::string const type{rest_};
    require(type == "counter" || type == "gauge" || type == "histogram", "an odd type");
    require(type != "counter" || family_.ends_with("_total"), "a counter that is no _total");
    types_[family_] = type;
  }
  void read_sample() {
    require(helped_.empty() && !family_.empty(), "a sample outside a family");
    std::string const name = take_name(true);
    std::string labels;
    std::string bound;
    std::set<std::string> seen;
    if (take("{")) {
      do {
        std::string const label = take_name(false);
        require(seen.insert(label).second, "a label comes twice");
        require(take("=\""), "a label without a value");
        std::string const value = take_value();
        if (label == "le") {
          bound = value;
        } else {
          labels += label + '=' + value + ';';
        }
      } while (take(","));
      require(take("}"), "labels without an end");
    }
    std::string const identity{line_.substr(0, line_.size() - rest_.size())};
    require(take(" "), "no value");
    double const value = number(rest_);
    require(value >= 0, "a negative value");
    require(samples_.emplace(identity, value).second, "a sample comes twice");
    if (types_[family_] == "histogram") {
      read_part(name, labels, bound, value);
    } else {
      require(name == family_ && bound.empty(), "a sample in another's family");
    }
  }
  std::string take_value() {
    std::string value;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return value;
      }
      if (rest_[i] == '\\') {
        ++i;
        require(i < rest_.size() && std::string_view{"\\\"n"}.find(rest_[i]) != std::string::npos,
                "a bad escape");
        value += rest_[i] == 'n' ? '\n' : rest_[i];
      } else {
        value += rest_[i];
      }
    }
    require(false, "a value without an end");
    return value;
  }
  double number(std::string_view text) const {
    require(!text.empty(), "no number");
    for (char const c : text) {
      require((c >= '0' && c <= '9') || c == '.', "no number");
    }
    char* end = nullptr;
    std::string const copy{text};
    double const value = std::strtod(copy.c_str(), &end);
    require(*end == '\0', "no number");
    return value;
  }
  void read_part(std::string const& name, std::string const& labels, std::string const& bound,
                 double value) {
    if (name == family_ + "_bucket") {
      if (step_ == step::none) {
        series_ = labels;
        step_ = step::buckets;
        last_bound_ = -1;
        last_value_ = 0;
      }
      require(step_ == step::buckets && series_ == labels, "a bucket out of order");
      require(value >= last_value_, "buckets are not cumulative");
      last_value_ = value;
      if (bound == "+Inf") {
        step_ = step::infinite;
      } else {
        require(number(bound) > last_bound_, "bounds do not ascend");
        last_bound_ = number(bound);
      }
    } else if (name == family_ + "_sum") {
      require(step_ == step::infinite && series_ == labels && bound.empty(), "a sum out of order");
      step_ = step::sum;
    } else {
      require(name == family_ + "_count" && bound.empty(), "a sample in another's family");
      require(step_ == step::sum && series_ == labels, "a count out of order");
      require(value == last_value_, "the count is not the last bucket's");
      step_ = step::none;
    }
  }
  void end_of_series() const { require(step_ == step::none, "a histogram is not complete"); }

  enum class step : unsigned char { none, buckets, infinite, sum };

  std::string_view line_;
  std::string_view rest_;
  std::string helped_;
  std::string family_;
  std::map<std::string, std::string> types_;
  std::map<std::string, double> samples_;
  step step_ = step::none;
  std::string series_;
  double last_bound_ = 0;
  double last_value_ = 0;
};

}  // namespace support

#endif
