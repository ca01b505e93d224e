// The reader of connection strings against libpq's own: an input is a string.

#include "fuzz.hpp"
#include "libpq_settings.hpp"

#include <pqscope/connection/conninfo_text.hpp>

#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::exact_copy const copy{fuzz::as_text(data, size)};
  std::string const text{copy.view()};
  auto const ours = pqscope::detail::conninfo_reader::read(copy.view());
  // libpq would read as far as the NUL byte; a URL is for the other target.
  if (text.find('\0') == text.npos && pqscope::detail::url_scheme_length(text) == 0) {
    fuzz::compare(ours, pqscope::libpq::parse_conninfo(text));
  }
  fuzz::check_config([&] { return pqscope::config::from_conninfo(text); }, false);
  if (!fuzz::contains(text, fuzz::secret)) {
    for (char const* setting : {" password=", " password='"}) {
      std::string const with_secret = text + setting + std::string{fuzz::secret};
      fuzz::check_config([&] { return pqscope::config::from_conninfo(with_secret); }, true);
    }
  }
  return 0;
}
