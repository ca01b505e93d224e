#ifndef PQSCOPE_TESTING_EXCHANGE_TRACKER_HPP
#define PQSCOPE_TESTING_EXCHANGE_TRACKER_HPP

#include <cstddef>

namespace pqscope::testing::detail {

/// What a proxied connection is in the middle of, as its messages tell.
///
/// Each Query and Sync is answered by one ReadyForQuery; counting both tells which answer belongs
/// to which message. Source: PostgreSQL protocol, "Message Flow".
class exchange_tracker {
 public:
  /// Takes note of a message of the client.
  void client_sent(char type) {
    switch (type) {
      case 'Q':
      case 'F':
        copy_by_query_ = true;
        ++asked_;
        break;
      case 'B':
        copy_by_query_ = false;
        break;
      case 'S':
        ++asked_;
        break;
      case 'c':
      case 'f':
        // The server ignores a Sync that comes before the end of a COPY; only what follows counts.
        asked_ = answered_ + (copy_by_query_ ? 1 : 0);
        break;
      default:
        break;
    }
    awaiting_answer_ = awaiting_answer_ || type != 'X';
  }

  /// Takes note of a message of the server; answers whether it completes a round trip of the time
  /// after start-up. Notices and notifications come by themselves and complete none.
  bool server_sent(char type) {
    answered_ += type == 'Z' ? 1 : 0;
    bool const unasked = type == 'A' || type == 'N' || type == 'S';
    bool const completes = awaiting_answer_ && !unasked;
    if (completes) {
      awaiting_answer_ = false;
    }
    bool const counted = completes && started_;
    started_ = started_ || type == 'Z';
    return counted;
  }

  /// How many ReadyForQuery there have been.
  std::size_t answered() const noexcept { return answered_; }
  /// Which ReadyForQuery, by number, ends the answer to the message sent last.
  std::size_t answer_to(char type) const noexcept {
    switch (type) {
      case 'Q':
      case 'F':
      case 'S':
        return asked_;
      case '\0':
      case 'p':
      case 'd':
      case 'c':
      case 'f':
        return answered_ + 1;
      default:
        return asked_ + 1;
    }
  }

 private:
  std::size_t asked_ = 1;  // the start-up ends in a ReadyForQuery too
  std::size_t answered_ = 0;
  bool copy_by_query_ = false;
  bool awaiting_answer_ = false;
  bool started_ = false;
};

}  // namespace pqscope::testing::detail

#endif
