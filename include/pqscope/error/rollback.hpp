#ifndef PQSCOPE_ERROR_ROLLBACK_HPP
#define PQSCOPE_ERROR_ROLLBACK_HPP

namespace pqscope {

/// Thrown by users to leave a scope without effect and without error: `throw pqscope::rollback{};`
///
/// The innermost scope around it rolls back and ends normally. It is no `std::exception`, so that
/// a handler for errors does not take it for one.
struct rollback {};

}  // namespace pqscope

#endif
