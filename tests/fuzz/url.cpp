// The reader of connection URLs against libpq's own: an input is what stands behind `://`, and
// before it a byte that picks the scheme.

#include "fuzz.hpp"
#include "libpq_settings.hpp"

#include <pqscope/connection/url.hpp>

#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  unsigned const scheme = fuzz::take_byte(input);
  std::string const rest{input};
  constexpr char const* schemes[] = {"postgresql://", "postgres://", "postgresql+any_driver://",
                                     ""};
  std::string const url = schemes[scheme % 4] + rest;
  fuzz::exact_copy const copy{url};
  auto const ours = pqscope::detail::url_reader::read(copy.view());
  std::size_t const head = pqscope::detail::url_scheme_length(url);
  if (head == 0) {
    fuzz::require(!ours.problems.empty(), "what is no URL of PostgreSQL is refused");
  } else if (rest.find('\0') == rest.npos &&
             // From libpq 17 on a space has to be percent-encoded; before that it needs not.
             rest.find(' ') == rest.npos) {
    fuzz::compare(ours, pqscope::libpq::parse_conninfo("postgresql://" + url.substr(head)));
  }
  fuzz::check_config([&] { return pqscope::config::from_url(url); }, false);
  if (!fuzz::contains(rest, fuzz::secret)) {
    std::string const with_secret = "postgresql://user:" + std::string{fuzz::secret} + "@" + rest;
    fuzz::check_config([&] { return pqscope::config::from_url(with_secret); }, true);
  }
  return 0;
}
