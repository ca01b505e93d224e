// A web service on a database: its address comes from the environment or .env, each request has a
// session of its own, and what goes wrong in the database becomes the HTTP status that says so.
//
//   users_service [PORT [ADDRESS]]    0 is any free port; it is printed

#include <pqscope/pqscope.hpp>

#include <httplib.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <future>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "users_service/page.hpp"
#include "users_service/refusal.hpp"
#include "users_service/users.hpp"

// [json]
void to_json(nlohmann::json& to, user const& from) {
  to = {{"id", from.id}, {"username", from.username}, {"email", nullptr}};
  if (from.email) {
    to["email"] = *from.email;
  }
}
// [json]

namespace {

using namespace std::chrono_literals;
using httplib::Request;
using httplib::Response;
using nlohmann::json;
using users_service::refusal;
namespace app = users_service;

void answer(Response& res, int status, json const& body) {
  res.status = status;
  // What a parser complains of can hold a piece of what is not UTF-8.
  res.set_content(body.dump(-1, ' ', false, json::error_handler_t::replace), "application/json");
}

void show(Response& res, int status, std::string const& page) {
  res.status = status;
  res.set_content(page, "text/html; charset=utf-8");
}

std::int64_t user_id(std::string const& text, int status_if_wrong) {
  std::int64_t value = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) {
    throw refusal{status_if_wrong, "\"" + text + "\" is not the id of a user"};
  }
  return value;
}

user new_user(std::string username, std::optional<std::string> email) {
  if ((username + email.value_or("")).find('\0') != std::string::npos) {
    throw refusal{400, "a text holds a NUL character"};
  }
  return {.username = std::move(username), .email = std::move(email)};
}

template <class T>
std::optional<T> optional_member(json const& object, char const* name) {
  auto const found = object.find(name);
  return found == object.end() || found->is_null() ? std::nullopt
                                                   : std::optional{found->template get<T>()};
}

void serve_users(httplib::Server& http, pqscope::engine& db, bool has_vectors) {
  // [routes]
  http.Get("/users", [&db](Request const& req, Response& res) {
    auto const after = req.has_param("after") ? user_id(req.get_param_value("after"), 400) : 0;
    answer(res, 200, pqscope::with_session(db, [&](pqscope::session& s) {
             return app::list_users(s, after);
           }));
  });

  http.Get(R"(/users/(\d+))", [&db](Request const& req, Response& res) {
    auto const id = user_id(req.matches[1], 404);
    auto const found =
        pqscope::with_session(db, [&](pqscope::session& s) { return s.get<user>(id); });
    if (!found) {
      throw refusal{404, "there is no user " + std::to_string(id)};
    }
    answer(res, 200, *found);
  });

  http.Post("/users", [&db, has_vectors](Request const& req, Response& res) {
    json const body = json::parse(req.body);
    user const wanted = new_user(body.at("username"), optional_member<std::string>(body, "email"));
    auto const embedding = optional_member<std::vector<float>>(body, "embedding");
    if (embedding && !has_vectors) {
      throw refusal{501, "this database stores no embeddings"};
    }
    auto const added = pqscope::with_session(
        db, [&](pqscope::session& s) { return app::add_user(s, wanted, embedding); });
    res.set_header("Location", "/users/" + std::to_string(added->id));
    answer(res, 201, *added);
  });
  // [routes]

  http.Get(R"(/users/(\d+)/similar)", [&db, has_vectors](Request const& req, Response& res) {
    auto const id = user_id(req.matches[1], 404);
    if (!has_vectors) {
      throw refusal{501, "this database stores no embeddings"};
    }
    answer(res, 200, pqscope::with_session(db, [&](pqscope::session& s) {
             if (!s.get<user>(id)) {
               throw refusal{404, "there is no user " + std::to_string(id)};
             }
             return app::similar_users(s, id);
           }));
  });
}

void serve_page(httplib::Server& http, pqscope::engine& db) {
  http.Get("/", [&db](Request const&, Response& res) {
    show(res, 200, app::users_page(pqscope::with_session(db, app::newest_users)));
  });

  http.Post("/users/form", [&db](Request const& req, Response& res) {
    app::form_state form{req.get_param_value("username"), req.get_param_value("email")};
    try {
      user const wanted =
          new_user(form.username, form.email.empty() ? std::nullopt : std::optional{form.email});
      pqscope::with_session(db, [&](pqscope::session& s) { app::add_user(s, wanted); });
      res.set_redirect("/", 303);
    } catch (std::exception const&) {
      refusal const why = app::refusal_for(std::current_exception());
      if (why.status >= 500) {
        throw;
      }
      form.error = why.what();
      show(res, why.status, app::users_page(pqscope::with_session(db, app::newest_users), form));
    }
  });
}

void serve(httplib::Server& http, pqscope::engine& db, pqscope::metrics const& numbers,
           bool has_vectors) {
  serve_users(http, db, has_vectors);
  serve_page(http, db);

  // [metrics]
  http.Get("/metrics", [&](Request const&, Response& res) {
    std::ostringstream text;
    pqscope::write_prometheus(text, db.stats().primary);
    text << numbers;
    res.set_content(text.str(), "text/plain; version=0.0.4");
  });
  // [metrics]

  http.set_exception_handler([](Request const&, Response& res, std::exception_ptr thrown) {
    refusal const why = app::refusal_for(thrown);
    answer(res, why.status, {{"error", why.what()}});
  });
  http.set_error_handler([](Request const&, Response& res) {
    if (res.body.empty()) {
      answer(res, res.status, {{"error", res.status == 404 ? "nothing is here" : "bad request"}});
    }
  });
}

/// Answers requests until SIGTERM or SIGINT, then those that have begun. False if it cannot.
bool run(httplib::Server& http, std::string const& address, int port, sigset_t const& stop) {
  // By default two services could share a port, and the requests to it.
  http.set_socket_options([](int handle) {
    int const yes = 1;
    ::setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  port = port == 0 ? http.bind_to_any_port(address) : http.bind_to_port(address, port) ? port : -1;
  if (port < 0) {
    std::cerr << "users_service: this address cannot be listened on\n";
    return false;
  }
  std::cout << "listening on http://" << address << ':' << port << std::endl;

  auto listening = std::async(std::launch::async, [&http] {
    bool const good = http.listen_after_bind();
    ::kill(::getpid(), SIGTERM);  // wakes the wait below, where it was not a signal that ended it
    return good;
  });
  int which = 0;
  sigwait(&stop, &which);
  // stop() has no effect on a server that is about to begin.
  while (!http.is_running() && listening.wait_for(1ms) == std::future_status::timeout) {
  }
  http.stop();
  return listening.get();
}

}  // namespace

int main(int argc, char** argv) try {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);  // for all threads to come, too: run() waits for them

  // [engine]
  pqscope::metrics numbers;
  pqscope::engine db{
      pqscope::config::from_env({.env_file = ".env", .url_variable = "DATABASE_URL"}),
      {.pool = {.max_size = 8, .acquire_timeout = 2s},
       .session = {.retry = {.attempts = 3},
                   .deadline = 5s,
                   .on_in_doubt = pqscope::on_in_doubt::resolve},
       .observer = &numbers}};
  bool const has_vectors = app::init_database(db);
  // [engine]

  httplib::Server http;
  http.set_keep_alive_timeout(1);  // idle clients hold up the stop for as long
  http.set_payload_max_length(64 * 1024);
  serve(http, db, numbers, has_vectors);
  bool const good =
      run(http, argc > 2 ? argv[2] : "127.0.0.1", argc > 1 ? std::stoi(argv[1]) : 8080, stop);
  return db.close(5s) && good ? 0 : 1;
} catch (std::exception const& problem) {
  std::cerr << "users_service: " << problem.what() << '\n';
  return 1;
}
