#ifndef PQSCOPE_TRANSFER_PIPELINED_HPP
#define PQSCOPE_TRANSFER_PIPELINED_HPP

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope {

class pipeline;

/// Stands for the answer of a statement in a pipeline that has not been sent: a `result` or `rows`.
/// To be returned from the pipeline's body; see `pipeline`. Move-only.
template <class Answer>
class pipelined {
 public:
  /// Takes the other's place.
  pipelined(pipelined&& other) noexcept
      : of_{std::exchange(other.of_, 0)}, index_{other.index_}, where_{other.where_} {}
  /// Takes the other's place.
  pipelined& operator=(pipelined&& other) noexcept {
    of_ = std::exchange(other.of_, 0);
    index_ = other.index_;
    where_ = other.where_;
    return *this;
  }
  ~pipelined() = default;

 private:
  friend class pipeline;

  pipelined(std::uint64_t of, std::size_t index, std::source_location const& where) noexcept
      : of_{of}, index_{index}, where_{where} {}

  std::uint64_t of_;  // the pipeline's number; 0 when moved from
  std::size_t index_;
  std::source_location where_;
};

namespace detail {

/// What takes the place of what the body of a pipeline has returned; of anything else than handles
/// it is the same.
template <class Returned>
struct answer_of {
  template <class Pipeline>
  static Returned take(Pipeline&, Returned&& returned) {
    return std::move(returned);
  }
};

template <class Answer>
struct answer_of<pipelined<Answer>> {
  template <class Pipeline>
  static Answer take(Pipeline& from, pipelined<Answer>&& handle) {
    return from.take(std::move(handle));
  }
};

template <class Pipeline, class Returned>
auto take_answer(Pipeline& from, Returned& returned) {
  return answer_of<Returned>::take(from, std::move(returned));
}

template <class... Parts>
struct answer_of<std::tuple<Parts...>> {
  template <class Pipeline>
  static auto take([[maybe_unused]] Pipeline& from, std::tuple<Parts...>&& returned) {
    return std::apply(
        [&](Parts&... parts) {
          return std::tuple<decltype(take_answer(from, parts))...>{take_answer(from, parts)...};
        },
        returned);
  }
};

template <class First, class Second>
struct answer_of<std::pair<First, Second>> {
  template <class Pipeline>
  static auto take(Pipeline& from, std::pair<First, Second>&& returned) {
    return std::pair<decltype(take_answer(from, returned.first)),
                     decltype(take_answer(from, returned.second))>{
        take_answer(from, returned.first), take_answer(from, returned.second)};
  }
};

template <class Part>
struct answer_of<std::vector<Part>> {
  template <class Pipeline>
  static auto take(Pipeline& from, std::vector<Part>&& returned) {
    if constexpr (std::is_same_v<decltype(answer_of<Part>::take(from, std::declval<Part>())),
                                 Part>) {
      return std::move(returned);
    } else {
      std::vector<decltype(answer_of<Part>::take(from, std::declval<Part>()))> answers;
      answers.reserve(returned.size());
      for (Part& each : returned) {
        answers.push_back(take_answer(from, each));
      }
      return answers;
    }
  }
};

}  // namespace detail
}  // namespace pqscope

#endif
