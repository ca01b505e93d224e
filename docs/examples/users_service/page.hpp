// The page that lists and adds users: HTML and a form, no script.

#ifndef USERS_SERVICE_PAGE_HPP
#define USERS_SERVICE_PAGE_HPP

#include <string>
#include <string_view>
#include <vector>

#include "users.hpp"

namespace users_service {

/// What stands in the form, and why it was refused.
struct form_state {
  std::string username{};
  std::string email{};
  std::string error{};
};

inline std::string escaped(std::string_view text) {
  std::string html;
  for (char const c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

inline std::string users_page(std::vector<user> const& users, form_state const& form = {}) {
  std::string html = R"(<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Users</title></head>
<body>
<h1>Users</h1>
)";
  if (!form.error.empty()) {
    html += "<p role=\"alert\">" + escaped(form.error) + "</p>\n";
  }
  html += R"(<form method="post" action="/users/form">
<label>Name <input name="username" value=")" +
          escaped(form.username) + R"("></label>
<label>E-mail <input name="email" type="email" value=")" +
          escaped(form.email) + R"("></label>
<button>Add</button>
</form>
<table>
<tr><th>Id</th><th>Name</th><th>E-mail</th></tr>
)";
  for (user const& each : users) {
    html += "<tr><td>" + std::to_string(each.id) + "</td><td>" + escaped(each.username) +
            "</td><td>" + escaped(each.email.value_or("")) + "</td></tr>\n";
  }
  return html + "</table>\n</body>\n</html>\n";
}

}  // namespace users_service

#endif
