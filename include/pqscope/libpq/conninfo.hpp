#ifndef PQSCOPE_LIBPQ_CONNINFO_HPP
#define PQSCOPE_LIBPQ_CONNINFO_HPP

#include <libpq-fe.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pqscope/libpq/handles.hpp>

namespace pqscope::libpq {

/// One connection option of the libpq in use.
struct conninfo_option {
  std::string keyword;               ///< such as `host`
  std::optional<std::string> value;  ///< nothing where the text did not set it
  bool is_secret = false;            ///< whether libpq marks its value as not to be shown
};

/// What libpq made of a connection string.
struct conninfo_result {
  std::vector<conninfo_option> options;  ///< every option libpq knows; empty after an error
  std::string error;  ///< libpq's complaint, can quote parts of the text; empty if there is none
};

/// Has libpq read `text`: keywords and values, or a URL.
///
/// Looks at nothing but the text: no environment, no service file, no defaults. An empty text
/// gives the list of the keywords that this libpq knows. The complaint can hold a password.
/// Source: libpq, "PQconninfoParse".
inline conninfo_result parse_conninfo(std::string const& text) {
  conninfo_result result;
  char* complaint = nullptr;
  options_handle const options{PQconninfoParse(text.c_str(), &complaint)};
  text_handle const error{complaint};
  if (!options) {
    result.error = error ? error.get() : "out of memory";
    return result;
  }
  for (auto const* option = options.get(); option->keyword; ++option) {
    conninfo_option copy;
    copy.keyword = option->keyword;
    if (option->val) {
      copy.value = option->val;
    }
    copy.is_secret = option->dispchar && *option->dispchar == '*';
    result.options.push_back(std::move(copy));
  }
  return result;
}

}  // namespace pqscope::libpq

#endif
