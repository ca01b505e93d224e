#ifndef PQSCOPE_CONNECTION_RECORD_CHUNKS_HPP
#define PQSCOPE_CONNECTION_RECORD_CHUNKS_HPP

#include <pqscope/libpq/batch_parts.hpp>

namespace pqscope::detail {

/// Records that `execute_many` sends many at a time, and can give once more.
class record_chunks : public libpq::chunk_source {
 public:
  /// What was sealed and is not settled is to be given again by the source of the records, ahead of
  /// those that it has not given yet.
  virtual void rewind() = 0;
};

}  // namespace pqscope::detail

#endif
