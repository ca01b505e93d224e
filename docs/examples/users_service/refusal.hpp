// What becomes of exceptions: an HTTP status and a sentence for the client.

#ifndef USERS_SERVICE_REFUSAL_HPP
#define USERS_SERVICE_REFUSAL_HPP

#include <pqscope/pqscope.hpp>

#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace users_service {

/// An answer that is an error: its HTTP status and a sentence for the client.
struct refusal : std::runtime_error {
  refusal(int with, std::string const& why) : std::runtime_error{why}, status{with} {}
  int status;
};

// [errors]
inline refusal refusal_for(std::exception_ptr const& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (refusal const& known) {
    return known;
  } catch (nlohmann::json::exception const& problem) {
    return {400, problem.what()};
  } catch (pqscope::unique_violation const& problem) {
    return {409, problem.violates("users_username_key") ? "there is a user of this username already"
                                                        : problem.message()};
  } catch (pqscope::check_violation const& problem) {
    return {400,
            problem.violates("users_username_check") ? "the username is empty" : problem.message()};
  } catch (pqscope::data_exception const& problem) {  // too long, not UTF-8, not three numbers
    return {400, problem.message()};
  } catch (pqscope::commit_in_doubt const&) {
    return {503, "the database went away; whether this was saved is not known"};
  } catch (pqscope::pool_error const& problem) {
    std::cerr << problem.what() << '\n';
    return {503, "the database cannot be reached"};
  } catch (pqscope::connection_error const& problem) {
    std::cerr << problem.what() << '\n';
    return {503, "the database cannot be reached"};
  } catch (std::exception const& problem) {
    std::cerr << problem.what() << '\n';
    auto const* const error = dynamic_cast<pqscope::error const*>(&problem);
    return error != nullptr && error->is_retryable() ? refusal{503, "the database is busy"}
                                                     : refusal{500, "internal error"};
  }
}
// [errors]

}  // namespace users_service

#endif
