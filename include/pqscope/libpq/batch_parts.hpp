#ifndef PQSCOPE_LIBPQ_BATCH_PARTS_HPP
#define PQSCOPE_LIBPQ_BATCH_PARTS_HPP

#include <pqscope/libpq/parameters.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pqscope::libpq {

class batch;

/// Where the records of a batch come from, one at a time.
struct record_source {
  void* of = nullptr;  ///< handed to `next`
  /// Gives `into.add` the next record; false when there is none. May throw.
  bool (*next)(void* of, batch& into) = nullptr;
};

/// How the records of a batch go many at a time, as one statement, where a question to the server
/// says that they can. Kept by whoever has the batch carried out.
///
/// While its answer is awaited records are gathered. They go one by one after all where it says no,
/// and where it has not come before there are no more, or too many: nothing waits for it.
class chunk_source {
 public:
  chunk_source() = default;
  chunk_source(chunk_source const&) = delete;
  chunk_source& operator=(chunk_source const&) = delete;
  virtual ~chunk_source() = default;

  /// The question, and the number of records that go ahead of it, at least 1.
  virtual request const& question() = 0;
  /// See there.
  virtual std::size_t records_ahead() const noexcept = 0;
  /// Whether its answer says that records can go many at a time.
  virtual bool allows(result_view answer) = 0;

  /// Takes up to some dozens of records from the source; false when there are no more. May throw.
  virtual bool gather() = 0;
  /// How many chunks are full; there may be one more that is not.
  virtual std::size_t full() const noexcept = 0;
  /// Whether nothing is gathered, or all was taken out again.
  virtual bool empty() const noexcept = 0;
  /// How many records the oldest chunk has.
  virtual std::size_t records() const noexcept = 0;
  /// Takes it out, record by record, with `into.add`.
  virtual void spread(batch& into) = 0;
  /// Takes it out as one statement, to be sent at once, and keeps it until `settle`.
  virtual request seal() = 0;
  /// That many of those that `seal` took out, the oldest, will not be needed again.
  virtual void settle(std::size_t chunks) noexcept = 0;
};

/// The parts of a batch, which refer to requests that outlive it.
struct batch_parts {
  std::span<request> before;    ///< sent ahead; the last one is the Parse of the statement, unnamed
  request* main = nullptr;      ///< stands for all executions: the error, else the last answer
  std::span<request> done;      ///< sent behind the last record; see `commits`
  std::span<request> undo;      ///< sent instead where there are to be no effects
  bool in_transaction = false;  ///< the Sync at the end does not commit
  bool commits = false;    ///< `done` is for where a BEGIN went with chunks; `undo` begins with one
  bool has_begun = false;  ///< that BEGIN has been carried out before
  std::size_t first = 0;   ///< number of the first record
};

/// The texts among parameters, which an error message could quote, each followed by a NUL byte;
/// empty ones for those that are none.
inline std::string texts_of(parameters const& bound) {
  std::string texts;
  for (int i = 0; i < bound.count; ++i) {
    if (bound.values[i] != nullptr && bound.formats[i] == 0) {
      texts.append(bound.values[i]);
    }
    texts.push_back('\0');
  }
  return texts;
}

/// About how many bytes parameters take on the wire.
inline std::size_t size_of(parameters const& bound) noexcept {
  std::size_t size = 0;
  for (int i = 0; i < bound.count; ++i) {
    bool const is_text = bound.values[i] != nullptr && bound.formats[i] == 0;
    size += 8 + (is_text                      ? std::string_view{bound.values[i]}.size()
                 : bound.values[i] != nullptr ? static_cast<std::size_t>(bound.lengths[i])
                                              : 0);
  }
  return size;
}

}  // namespace pqscope::libpq

#endif
