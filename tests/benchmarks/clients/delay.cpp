// delay FOLDER PORT MICROSECONDS: listens on the unix-domain socket of PORT in FOLDER, and connects
// each client with the server that PGHOST and PGPORT name; what passes takes that long, each way.
// Prints a line when it listens, and ends when its standard input does.

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

namespace {

using delay_clock = std::chrono::steady_clock;

[[noreturn]] void fail(char const* what) {
  std::perror(what);
  std::_Exit(1);
}

sockaddr_un address(std::string const& folder, std::string const& port) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::string const path = folder + "/.s.PGSQL." + port;
  if (path.size() >= sizeof where.sun_path) {
    fail("the path of the socket is too long");
  }
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  return where;
}

/// What goes from one socket to the other, each piece when its time has come.
class direction {
 public:
  direction(int from, int to, std::chrono::microseconds delay)
      : from_{from}, to_{to}, delay_{delay} {}

  int from() const { return from_; }
  delay_clock::time_point due() const {
    return pieces_.empty() ? delay_clock::time_point::max() : pieces_.front().first;
  }
  /// False at the end.
  bool take() {
    char buffer[65'536];
    ssize_t const size = read(from_, buffer, sizeof buffer);
    if (size <= 0) {
      return false;
    }
    pieces_.emplace_back(delay_clock::now() + delay_,
                         std::string(buffer, static_cast<std::size_t>(size)));
    return true;
  }
  void pass() {
    while (due() <= delay_clock::now()) {
      std::string const& bytes = pieces_.front().second;
      for (std::size_t done = 0; done < bytes.size();) {
        ssize_t const size = write(to_, bytes.data() + done, bytes.size() - done);
        if (size <= 0) {
          return;
        }
        done += static_cast<std::size_t>(size);
      }
      pieces_.pop_front();
    }
  }

 private:
  int from_;
  int to_;
  std::chrono::microseconds delay_;
  std::deque<std::pair<delay_clock::time_point, std::string>> pieces_;
};

void serve(int client, int server, std::chrono::microseconds delay) {
  using namespace std::chrono;
  direction there(client, server, delay);
  direction back(server, client, delay);
  for (;;) {
    pollfd ready[] = {{.fd = client, .events = POLLIN, .revents = 0},
                      {.fd = server, .events = POLLIN, .revents = 0}};
    auto const due = std::min(there.due(), back.due());
    timespec left{};
    if (due != delay_clock::time_point::max()) {
      auto const wait = std::max<nanoseconds>(due - delay_clock::now(), nanoseconds{0});
      left.tv_sec = duration_cast<seconds>(wait).count();
      left.tv_nsec = (wait % seconds{1}).count();
    }
    if (ppoll(ready, 2, due == delay_clock::time_point::max() ? nullptr : &left, nullptr) < 0) {
      return;
    }
    if ((ready[0].revents != 0 && !there.take()) || (ready[1].revents != 0 && !back.take())) {
      return;
    }
    there.pass();
    back.pass();
  }
}

}  // namespace

int main(int argc, char** argv) {
  char const* const host = std::getenv("PGHOST");
  char const* const port = std::getenv("PGPORT");
  if (argc != 4 || host == nullptr || port == nullptr) {
    std::fputs("usage: PGHOST=FOLDER PGPORT=PORT delay FOLDER PORT MICROSECONDS\n", stderr);
    return 2;
  }
  std::signal(SIGCHLD, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1'000UL, 0UL, 0UL, 0UL);
  sockaddr_un const here = address(argv[1], argv[2]);
  sockaddr_un const there = address(host, port);
  std::chrono::microseconds const delay{std::atol(argv[3])};
  int const listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, reinterpret_cast<sockaddr const*>(&here), sizeof here) != 0 ||
      listen(listener, 16) != 0) {
    fail("listen");
  }
  std::puts("listening");
  std::fflush(stdout);
  for (;;) {
    pollfd ready[] = {{.fd = listener, .events = POLLIN, .revents = 0},
                      {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
    if (poll(ready, 2, -1) < 0 || ready[1].revents != 0) {
      return 0;
    }
    int const client = accept(listener, nullptr, nullptr);
    if (client >= 0 && fork() == 0) {
      close(listener);
      int const server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (connect(server, reinterpret_cast<sockaddr const*>(&there), sizeof there) == 0) {
        serve(client, server, delay);
      }
      return 0;
    }
    close(client);
  }
}
