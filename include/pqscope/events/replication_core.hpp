#ifndef PQSCOPE_EVENTS_REPLICATION_CORE_HPP
#define PQSCOPE_EVENTS_REPLICATION_CORE_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connect.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/pause.hpp>
#include <pqscope/connection/recovery.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/error/raise.hpp>
#include <pqscope/error/server_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/events/pgoutput_decoder.hpp>
#include <pqscope/events/reconnector.hpp>
#include <pqscope/events/replication_change.hpp>
#include <pqscope/events/replication_options.hpp>
#include <pqscope/events/single_user.hpp>
#include <pqscope/libpq/copy_both.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/sql/quote.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/lsn.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope::detail {

/// What a `replication_stream` is: a connection that is replaced when it is lost, the COPY in both
/// directions on it, and how far its user has got.
///
/// A template so that only programs that replicate compile it.
template <class = void>
class replication_core {
 public:
  replication_core(config const& to, replication_options options, std::source_location const& where)
      : options_{std::move(options)},
        board_{options_.connection.observer},
        reconnector_{config{to}.with("replication", "database"), where} {
    require_publication(options_, where);
    adopt_options();
    connect(where);
    if (!options_.slot.empty()) {
      begin_first(where);
    }
  }
  replication_core(replication_core const&) = delete;
  replication_core& operator=(replication_core const&) = delete;
  ~replication_core() { leave(last_wish); }

  void start(replication_options options, std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    require_idle(where);
    if (options.slot.empty()) {
      throw usage_error("a replication stream is started from a slot: name one", where);
    }
    require_publication(options, where);
    if (options.slot != options_.slot) {
      confirmed_ = whole_ = quiet_ = {};
    }
    options_ = std::move(options);
    board_.watcher = options_.connection.observer;
    if (open_) {
      open_->observe(board_.watcher);
    }
    adopt_options();
    begin_first(where);
  }

  void restart(std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    require_idle(where);
    if (options_.slot.empty()) {
      throw usage_error("the stream has never been started: say from which slot", where);
    }
    begin_first(where);
  }

  /// Goes on to the next change; false where the limit or the end of the stream comes first.
  bool next(libpq::clock::time_point until, std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    if (state_ == state::closed) {
      throw connection_closed("the replication stream is closed", where);
    }
    if (state_ == state::idle) {
      throw usage_error("the replication stream has not been started, or has failed: start it",
                        where);
    }
    refuse_child(where);
    bool const own = options_.stop.stop_possible();
    libpq::limit const bound{.deadline = until,
                             .stop = own ? options_.stop : options_.connection.stop};
    while (state_ == state::running && !bound.stop.stop_requested()) {
      if (!open_ && !may_replace()) {
        throw connection_lost(lost_message(), where, gap_.sqlstate);
      }
      if (!open_ && !reopen(bound, where)) {
        return false;
      }
      switch (receive(bound, where)) {
        case step::change:
          return true;
        case step::limit:
          return false;
        case step::other:
          break;
      }
    }
    return false;
  }

  /// The change that `next` has gone on to.
  replication_change& current() noexcept { return current_; }

  void confirm(pqscope::lsn place, std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    pqscope::lsn const most = place < whole_ ? place : whole_;
    confirmed_ = confirmed_ < most ? most : confirmed_;
    settle();
  }

  void keep_alive(std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    refuse_child(where);
    if (operation_) {
      send_status(false);
    }
  }

  bool stop(std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    if (state_ != state::running) {
      return false;
    }
    refuse_child(where);
    constexpr std::chrono::milliseconds longest{5000};
    auto const silence = options_.server_timeout;
    bool const is_less = silence.count() > 0 && silence < longest;
    bool const was_heard = end_copy(is_less ? silence : longest);
    reconnector_.forget_attempt();
    state_ = state::stopped;
    return was_heard;
  }

  void close(std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    leave(last_wish);
  }

  bool connected() const noexcept { return open_.has_value(); }
  bool running() const noexcept { return state_ == state::running; }
  int backend_pid() const { return open_ ? open_->backend_pid() : 0; }
  int server_version() const { return open_ ? open_->server_version() : 0; }
  pqscope::lsn confirmed() const noexcept { return confirmed_; }
  pqscope::lsn received() const noexcept { return received_; }

 private:
  enum class state : unsigned char { idle, running, stopped, closed };
  enum class step : unsigned char { change, other, limit };

  /// How long the end of a stream nobody wants any more may take: as long without asking the server
  /// to cancel it, and as long with that.
  static constexpr std::chrono::milliseconds last_wish{500};

  static constexpr char const* busy = "the replication stream is in use";
  static constexpr char const* failed_call = "a replication stream's function failed";

  // --- starting ----------------------------------------------------------------------------------

  static void require_publication(replication_options const& options,
                                  std::source_location const& where) {
    if (!options.slot.empty() && options.publication.list().empty()) {
      throw usage_error("a replication stream needs a publication: name one", where);
    }
  }

  void adopt_options() {
    using std::chrono::milliseconds;
    constexpr milliseconds shortest{100};
    constexpr milliseconds longest = std::chrono::hours{24};
    for (milliseconds* const each : {&options_.status_interval, &options_.server_timeout}) {
      bool const none = each == &options_.server_timeout && each->count() <= 0;
      *each = none               ? milliseconds{0}
              : *each < shortest ? shortest
              : *each < longest  ? *each
                                 : longest;
    }
    if (!options_.connection.stop.stop_possible()) {
      options_.connection.stop = options_.stop;
    }
  }

  void require_idle(std::source_location const& where) const {
    if (state_ == state::closed) {
      throw connection_closed("the replication stream is closed", where);
    }
    if (state_ == state::running) {
      throw usage_error("the replication stream is running: stop it first", where);
    }
  }

  void refuse_child(std::source_location const& where) {
    if (open_ && open_->core_for(where).inherited()) {
      throw usage_error("the replication stream was opened before fork(2): it is the parent's",
                        where);
    }
  }

  bool may_replace() const noexcept {
    return options_.reconnect && options_.if_missing != missing_slot::create_temporary;
  }

  /// What a first start, and each attempt to connect, is bound by.
  libpq::limit each_limit() const {
    auto const& each = options_.connection.deadline;
    return {.deadline = each ? time_after(*each) : libpq::never, .stop = options_.connection.stop};
  }

  void connect(std::source_location const& where) {
    open_.emplace(connection::of(open_core(reconnector_.target(), options_.connection, where)));
    spent_ = false;
  }

  /// Starts, as the program has asked for it.
  void begin_first(std::source_location const& where) {
    if (!open_ || spent_) {
      open_.reset();
      connect(where);
    }
    libpq::limit const bound = each_limit();
    try {
      prepare(bound, options_.if_missing != missing_slot::refuse, where);
      begin(bound, where);
    } catch (...) {
      operation_.reset();
      use_.reset();
      state_ = state::idle;
      if (open_ && open_->status() != connection_status::idle) {
        open_.reset();
      }
      throw;
    }
  }

  /// Has values come in the form that codecs read, whatever the configuration or the environment
  /// says; and sees to the slot. In the simple protocol, for a walsender knows no other.
  void prepare(libpq::limit const& bound, bool creates, std::source_location const& where) {
    connection_core& core = open_->core_for(where);
    if (options_.messages && libpq::server_version(core.handle()) < 140000) {
      throw usage_error("logical messages are received from PostgreSQL 14 on; the server is older",
                        where);
    }
    core.limits.until = bound.deadline;
    core.limits.stop = bound.stop;
    std::string text =
        "SELECT pg_catalog.set_config('DateStyle', 'ISO', false), "
        "pg_catalog.set_config('IntervalStyle', 'postgres', false), "
        "pg_catalog.set_config('bytea_output', 'hex', false), "
        "pg_catalog.set_config('extra_float_digits', '1', false)";
    if (creates) {
      text += ", (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name = ";
      text += quoted(options_.slot, where) + ")";
    }
    auto const answer =
        core.control(text.c_str(), where, statement_origin::internal, libpq::request_kind::script);
    if (creates && libpq::result_view{answer}.text(0, 4) == "0") {
      create_slot(core, where);
    }
  }

  void create_slot(connection_core& core, std::source_location const& where) {
    bool const is_new = libpq::server_version(core.handle()) >= 150000;
    bool const temporary = options_.if_missing == missing_slot::create_temporary;
    std::string const text = "CREATE_REPLICATION_SLOT " + identifier{options_.slot, where}.text() +
                             (temporary ? " TEMPORARY" : "") + " LOGICAL pgoutput " +
                             (is_new ? "(SNAPSHOT 'nothing')" : "NOEXPORT_SNAPSHOT");
    try {
      core.control(text.c_str(), where, statement_origin::caller, libpq::request_kind::script);
    } catch (server_error const& failure) {
      if (failure.sqlstate() != "42710" || temporary) {  // somebody else has created it just now
        throw;
      }
    }
  }

  /// A string in a replication command, which has no other escapes than this.
  static std::string quoted(std::string_view text, std::source_location const& where) {
    if (text.find('\0') != std::string_view::npos) {
      throw usage_error("an option of the replication stream holds a NUL byte", where);
    }
    std::string out;
    append_quoted(out, text, '\'');
    return out;
  }

  std::string start_command(std::source_location const& where) {
    bool const is_14 = libpq::server_version(open_->core_for(where).handle()) >= 140000;
    std::string names;
    for (std::string const& each : options_.publication.list()) {
      names += names.empty() ? "" : ",";
      names += identifier{each, where}.text();
    }
    pqscope::lsn const from = confirmed_ < options_.start ? options_.start : confirmed_;
    std::string text = "START_REPLICATION SLOT " + identifier{options_.slot, where}.text() +
                       " LOGICAL " + from.to_string() + " (proto_version '" +
                       (is_14 && options_.streaming ? "2" : "1") + "', publication_names " +
                       quoted(names, where);
    text += is_14 && options_.streaming ? ", streaming 'on'" : "";
    text += is_14 && options_.binary ? ", binary 'true'" : "";
    text += options_.messages ? ", messages 'true'" : "";
    for (auto const& [name, value] : options_.plugin_options) {
      text += ", " + identifier{name, where}.text() + ' ' + quoted(value, where);
    }
    return text + ')';
  }

  /// Sends START_REPLICATION; the stream runs afterwards.
  void begin(libpq::limit const& bound, std::source_location const& where) {
    connection_core& core = open_->core_for(where);
    command_ = start_command(where);
    request_ = {.kind = libpq::request_kind::script, .text = command_.c_str()};
    use_.emplace(core, where);
    statement_event event{.text = command_, .where = where};
    core.notices().tell([&](observer& each) {
      each.round_trip();
      each.statement_started(event);
    });
    auto const start = libpq::clock::now();
    operation_.emplace(core.handle(), request_, core.patience.drain);
    libpq::drive_result const drove = libpq::drive(*operation_, bound);
    event.duration = libpq::clock::now() - start;
    event.carried_out = operation_->moving();
    event.sqlstate = libpq::sqlstate_of(request_.error);
    core.notices().tell([&](observer& each) { each.statement_ended(event); });
    if (drove != libpq::drive_result::done) {
      give_up();
      throw_interrupted(drove, true, false, where);
    }
    if (!operation_->moving()) {
      throw_ended(where);
    }
    decoder_.reset();
    sent_ = confirmed_;
    received_ = {};
    heard_ = told_ = libpq::clock::now();
    asked_.reset();
    state_ = state::running;
  }

  /// The connection's state is not known any more.
  void give_up() {
    if (open_) {
      open_->core_for({}).poison();
    }
    operation_.reset();
    use_.reset();
    open_.reset();
  }

  /// Throws what has ended the command, and lets go of the connection, or of all but that.
  [[noreturn]] void throw_ended(std::source_location const& where) {
    libpq::outcome const how = operation_->result();
    std::span<libpq::request const> const requests{&request_, 1};
    if (how == libpq::outcome::failed) {
      operation_.reset();
      use_.reset();
      throw_server_error(describe_failure(request_), command_, where);
    }
    std::string const words{libpq::error_text(open_->core_for(where).handle())};
    give_up();
    if (how == libpq::outcome::lost) {
      throw_lost(requests, words, where);
    }
    throw_violated(requests, words, where);
  }

  // --- running -----------------------------------------------------------------------------------

  step receive(libpq::limit const& bound, std::source_location const& where) {
    operation_->wake_at(due());
    if (!operation_->resume().done()) {
      if (confirmed_ != sent_) {  // nothing is there: the time to tell
        send_status(false);
      }
      operation_->wake_at(due());
      if (libpq::drive(*operation_, bound) != libpq::drive_result::done) {
        return step::limit;
      }
    }
    if (operation_->finished()) {
      end(where);
      return step::other;
    }
    std::string_view const message = operation_->message();
    auto const now = libpq::clock::now();
    if (message.empty()) {
      be_patient(now, where);
      return step::other;
    }
    heard_ = now;
    asked_.reset();
    if (now - told_ >= options_.status_interval) {
      send_status(false);
    }
    try {
      return take(message);
    } catch (decode_error& failure) {
      state_ = state::idle;
      give_up();
      throw;
    }
  }

  /// One message of the server's. Source: PostgreSQL, "Streaming Replication Protocol".
  step take(std::string_view message) {
    pgoutput_reader in{message};
    switch (static_cast<char>(in.byte())) {
      case 'w': {
        pqscope::lsn const place = in.place();
        pqscope::lsn const end = in.place();
        in.skip(8);
        note_received(end < place ? place : end);
        decoder_.decode(message.substr(in.at()), place, current_);
        return keep() ? step::change : step::other;
      }
      case 'k': {
        pqscope::lsn const end = in.place();
        in.skip(8);
        bool const wants_answer = in.byte() == 1;
        note_received(end);
        if (!decoder_.in_transaction()) {
          quiet_ = quiet_ < end ? end : quiet_;
          settle();
        }
        if (wants_answer) {
          send_status(false);
        }
        return step::other;
      }
      default:
        pgoutput_reader::fail("it is of no known kind");
    }
  }

  void note_received(pqscope::lsn place) noexcept {
    received_ = received_ < place ? place : received_;
  }

  /// Whether the change is to be handed out: not what was confirmed before the server knew of it.
  bool keep() {
    replication_kind const kind = current_.kind;
    bool const is_alone = kind == replication_kind::message && !current_.is_transactional;
    if (kind == replication_kind::begin) {
      skips_ = current_.commit_lsn < confirmed_;
    }
    bool const skipped = skips_ || (is_alone && current_.lsn <= confirmed_);
    if (kind == replication_kind::commit) {
      skips_ = false;
    }
    if (skipped) {
      return false;
    }
    if (kind == replication_kind::commit || kind == replication_kind::stream_commit || is_alone) {
      whole_ = whole_ < current_.lsn ? current_.lsn : whole_;
    }
    current_.resumed = std::exchange(resumed_, false);
    return true;
  }

  /// Where all that was handed out is confirmed, so is what came since, which was nothing for us:
  /// else the server would keep its log for that.
  void settle() noexcept {
    if (whole_ <= confirmed_ && confirmed_ < quiet_) {
      confirmed_ = quiet_;
    }
  }

  /// Source: PostgreSQL, "Streaming Replication Protocol", Standby status update.
  void send_status(bool asks) {
    constexpr std::chrono::sys_days epoch{std::chrono::January / 1 / 2000};
    encoder out;
    out.put_byte('r');
    out.put_int64(
        codec<pqscope::lsn>::wire_integer(received_ < confirmed_ ? confirmed_ : received_));
    out.put_int64(codec<pqscope::lsn>::wire_integer(confirmed_));
    out.put_int64(codec<pqscope::lsn>::wire_integer(confirmed_));
    out.put_int64(std::chrono::duration_cast<std::chrono::microseconds>(
                      std::chrono::system_clock::now() - epoch)
                      .count());
    out.put_byte(asks ? 1 : 0);
    if (operation_->put(out.view())) {
      sent_ = confirmed_;
    }
    told_ = libpq::clock::now();
  }

  /// When something is to be sent although nothing happens, or the server's silence is too long.
  libpq::clock::time_point due() const noexcept {
    auto const next = told_ + options_.status_interval;
    if (options_.server_timeout.count() <= 0) {
      return next;
    }
    auto const silent = asked_.value_or(heard_) + options_.server_timeout / 2;
    return silent < next ? silent : next;
  }

  /// Nothing has come until `due()`.
  void be_patient(libpq::clock::time_point now, std::source_location const& where) {
    bool const watches = options_.server_timeout.count() > 0;
    if (watches && now >= asked_.value_or(heard_) + options_.server_timeout / 2) {
      if (asked_) {
        lose("the server has been silent for too long", {}, where);
        return;
      }
      asked_ = now;
      send_status(true);
    } else if (now - told_ >= options_.status_interval) {
      send_status(false);
    }
  }

  // --- ending ------------------------------------------------------------------------------------

  /// The server has ended it.
  void end(std::source_location const& where) {
    if (operation_->result() == libpq::outcome::failed) {
      state_ = state::idle;
      throw_ended(where);
    }
    connection_core& core = open_->core_for(where);
    if (request_.error && !libpq::sqlstate_of(request_.error).empty()) {
      diagnostics const words = libpq::read_diagnostics(request_.error.get());
      lose(words.message, words.sqlstate, where);
    } else if (auto const& words = core.notices().last_words) {
      std::string const message = words->message;
      std::string const sqlstate = words->sqlstate;
      lose(message, sqlstate, where);
    } else if (operation_->result() == libpq::outcome::completed) {
      lose("the server has ended the stream", {}, where);
    } else {
      lose(std::string{libpq::error_text(core.handle())}, {}, where);
    }
  }

  /// The connection is gone.
  void lose(std::string reason, std::string sqlstate, std::source_location const& where) {
    gap_ = {.reason = std::move(reason), .sqlstate = std::move(sqlstate)};
    give_up();
    skips_ = false;
    reconnector_.lost();
    connection_lost const failure{lost_message(), where, gap_.sqlstate};
    board_.problem(failure.what());
    board_.call(options_.on_lost, failure, failed_call);
  }

  std::string lost_message() const {
    return "the replication stream's connection was lost: " + gap_.reason;
  }

  /// Ends the COPY, so that the server knows what was confirmed and lets go of the slot; cancels it
  /// where that takes too long, in the middle of a large transaction. True if the server has said
  /// that it has ended it.
  bool end_copy(std::chrono::milliseconds longest) {
    if (!operation_) {
      return false;
    }
    connection_core& core = open_->core_for({});
    send_status(false);
    operation_->end();
    libpq::drive_result const drove = libpq::drive(*operation_, {.deadline = time_after(longest)});
    bool const finished =
        drove == libpq::drive_result::done ||
        recover(core.handle(), *operation_, core.patience) == libpq::drive_result::done;
    libpq::outcome const how = finished ? operation_->result() : libpq::outcome::lost;
    if (how != libpq::outcome::completed && how != libpq::outcome::failed) {
      give_up();
      return false;
    }
    operation_.reset();
    use_.reset();
    spent_ = true;
    return drove == libpq::drive_result::done && how == libpq::outcome::completed;
  }

  /// Closes, in order if that does not take too long.
  void leave(std::chrono::milliseconds longest) noexcept {
    try {
      if (operation_ && open_ && !open_->core_for({}).inherited()) {
        auto& core = open_->core_for({});
        core.patience.recovery = longest;
        end_copy(longest);
      }
    } catch (...) {
      board_.problem_in_flight("a replication stream could not be ended in order");
    }
    state_ = state::closed;
    reconnector_.forget_attempt();
    operation_.reset();
    use_.reset();
    open_.reset();
  }

  // --- going on ----------------------------------------------------------------------------------

  /// Goes on connecting; false where the limit comes first. That the slot is in use (55006) passes,
  /// once the server has found the old connection gone; that it has been invalidated (55000) does
  /// not.
  bool reopen(libpq::limit const& bound, std::source_location const& where) {
    auto const is_final = [](std::string_view sqlstate) { return sqlstate == "55000"; };
    auto const take = [&](std::unique_ptr<connection_core> core, libpq::limit const& all) {
      open_.emplace(connection::of(std::move(core)));
      spent_ = false;
      try {
        prepare(all, false, where);
        begin(all, where);
      } catch (...) {
        operation_.reset();
        use_.reset();
        open_.reset();
        throw;
      }
    };
    if (!reconnector_.go_on(options_, board_.watcher, bound, is_final, take, where)) {
      return false;
    }
    resumed_ = true;
    gap_.attempts = reconnector_.attempts();
    gap_.length = reconnector_.length();
    board_.call(options_.on_reconnect, std::as_const(gap_), failed_call);
    return true;
  }

  replication_options options_;
  notice_board board_;
  reconnector reconnector_;
  std::optional<connection> open_;
  std::optional<core_use> use_;  // as long as it streams
  std::string command_;
  libpq::request request_;
  std::optional<libpq::copy_both_operation<>> operation_;
  pgoutput_decoder<> decoder_;
  replication_change current_;
  pqscope::lsn confirmed_{};  // what the server may forget; by the program no further than whole_
  pqscope::lsn whole_{};      // the end of the last transaction that was handed out whole
  pqscope::lsn quiet_{};      // the server had got there, and nothing of ours was under way
  pqscope::lsn received_{};
  pqscope::lsn sent_{};  // that the server was told as confirmed
  libpq::clock::time_point told_{};
  libpq::clock::time_point heard_{};
  std::optional<libpq::clock::time_point> asked_;  // since `heard_`
  state state_ = state::idle;
  bool spent_ =
      false;  // a walsender that has ended a logical stream in order ends the next at once
  bool skips_ = false;    // the transaction had been confirmed
  bool resumed_ = false;  // the next change is the first one of a new connection
  replication_gap gap_;
  single_user user_;
};

}  // namespace pqscope::detail

#endif
