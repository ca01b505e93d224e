#ifndef PQSCOPE_MAPPING_ENTITY_SET_HPP
#define PQSCOPE_MAPPING_ENTITY_SET_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/error/stale_row.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/mapping/entity.hpp>
#include <pqscope/mapping/entity_column.hpp>
#include <pqscope/mapping/entity_index.hpp>
#include <pqscope/mapping/entity_order.hpp>
#include <pqscope/mapping/entity_statements.hpp>
#include <pqscope/mapping/tracked.hpp>
#include <pqscope/mapping/unit_of_work.hpp>
#include <pqscope/sql/hash.hpp>
#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/parameter_list.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// Takes the answer to a statement of a flush.
class flush_sink : public answer_sink {
 public:
  /// Whether the answer has values for objects.
  static constexpr bool reads_values = false;

  flush_sink(unit_of_work& unit, table_view const& table, bool is_checked) noexcept
      : unit_{unit}, table_{table}, is_checked_{is_checked} {}

  void take(libpq::result_handle answer) noexcept override {
    unit_.note_answer();
    try {
      read(std::move(answer));
    } catch (...) {
      unit_.note_problem(std::current_exception());
    }
  }
  void explain(std::string_view sqlstate, std::source_location const& where) const override {
    if (is_checked_ && sqlstate == check_failed_state) {
      throw stale_row(table_.name, where);
    }
  }

 protected:
  virtual void read(libpq::result_handle) {}

 private:
  unit_of_work& unit_;
  table_view table_;
  bool is_checked_;
};

/// The objects of the struct `T` in a session.
template <class T>
class entity_set : public entity_set_base {
  using object = std::shared_ptr<entity<T>>;
  static constexpr bool has_version = columns_where<T, is_version>::count != 0;
  using made_columns = columns_where<T, comes_back>;
  using generated_columns = columns_where<T, is_generated>;

 public:
  explicit entity_set(unit_of_work& unit)
      : entity_set_base{key_of_struct<T>, list_targets()}, unit_{unit} {}

  /// A new object, inserted by the next flush.
  object add(T value, std::source_location const& where) {
    auto made = std::make_shared<entity<T>>(std::move(value));
    made->status = entity_status::pending;
    made->where = where;
    adopt(made);
    pending_.push_back(made);
    return made;
  }
  /// The object of a row that was read.
  object attach(T value) {
    std::string key = key_text(value);
    if (object const known = find(key)) {
      return known;
    }
    auto made = std::make_shared<entity<T>>(std::move(value));
    made->status = entity_status::stored;
    adopt(made);
    stored_.add(std::move(key), made);
    return made;
  }
  /// An object of a session that has ended belongs to this one now.
  void welcome(object const& one, std::source_location const& where) {
    if (one->unit == &unit_) {
      return;
    }
    if (one->unit != nullptr) {
      throw usage_error("the object belongs to another session, which has not ended", where);
    }
    if (one->status == entity_status::detached) {
      throw usage_error("the object has no row: its session ended before it was inserted", where);
    }
    if (one->status == entity_status::removed || find(key_text(one->loaded)) != nullptr) {
      throw usage_error("the object was removed, or its session has another one of its key", where);
    }
    one->history.clear();
    one->status = entity_status::stored;
    adopt(one);
    stored_.add(one);
  }
  /// The object of a key, also one that is still to be inserted; null where the session has none.
  object find(std::string const& key) const {
    if (object found = stored_.find(key)) {
      return found;
    }
    for (object const& each : pending_) {
      if (gives_identity(each->value) && key_text(each->value) == key) {
        return each;
      }
    }
    return nullptr;
  }

  /// Deletes its row with the next flush, or forgets it if it has none yet.
  void remove(object const& one, std::source_location const& where) {
    save(*one);
    one->where = where;
    if (one->status == entity_status::pending) {
      one->status = entity_status::detached;
      std::erase(pending_, one);
    } else if (one->status == entity_status::stored) {
      one->status = entity_status::doomed;
      doomed_.push_back(one);
    }
  }
  /// Has the object be what its row is.
  void reload(object const& one, T row) {
    save(*one);
    one->value = std::move(row);
    one->loaded = one->value;
  }

  bool has_changes() const override {
    return !pending_.empty() || !doomed_.empty() ||
           any_of(all_, [](object const& each) { return is_changed(*each); });
  }
  bool has_awaited_changes() const override {
    auto const awaits = [](object const& each) { return each->awaits_key; };
    return any_of(changed_, awaits) || any_of(doomed_, awaits);
  }

  std::size_t queue_inserts(connection_core& core, std::source_location const&) override {
    list_changed();  // while the new objects are not among those with rows: they need no look
    std::vector<object> ready = std::exchange(pending_, {});
    pending_ = take_out(ready, [](entity<T>& each) { return !fill_links(each); });
    if constexpr (has_identity<T>) {
      insert<true>(
          core, take_out(ready, [](entity<T> const& each) { return gives_identity(each.value); }));
      insert<false>(core, std::move(ready));
    } else {
      insert<true>(core, std::move(ready));
    }
    return pending_.size();
  }

  void queue_updates(connection_core& core, std::source_location const& where) override {
    for (object const& each : std::exchange(changed_, {})) {
      update(core, each, where);
    }
  }

  void queue_deletes(connection_core& core, std::source_location const&) override {
    sort_children_first<&entity<T>::loaded>(doomed_);
    for (object const& each : std::exchange(doomed_, {})) {
      parameter_list bound;
      add_row_condition(bound, *each);
      answer_sink* const sink =
          unit_.keep<flush_sink>(unit_, table_of<T>, delete_text<T>::is_checked);
      core.defer_own(sql_of<delete_text<T>>(each->where), bound.view(), sink, false);
      save(*each);
      each->status = entity_status::removed;
      stored_.erase(key_text(each->loaded));
    }
  }

  void restore(int depth) noexcept override {
    for (object const& each : std::exchange(all_, {})) {
      undo_to(*each, depth);
      each->born >= depth ? let_go(*each) : all_.push_back(each);
    }
    index();
  }

  void release(int depth) noexcept override {
    for (object const& each : all_) {
      if (each->born == depth) {
        --each->born;
      }
      if (each->inserted == depth) {
        --each->inserted;
      }
      auto& history = each->history;
      if (history.empty() || history.back().depth != depth) {
        continue;
      }
      if (history.size() > 1 && history[history.size() - 2].depth == depth - 1) {
        history.pop_back();
      } else {
        history.back().depth = depth - 1;
      }
    }
  }

  void detach() noexcept override {
    for (object const& each : std::exchange(all_, {})) {
      let_go(*each);
    }
  }

  static void add_key(parameter_list& bound, T const& value) {
    add_key(bound, value, std::make_index_sequence<key_of<T>.size()>{});
  }

 private:
  class insert_sink : public flush_sink {
   public:
    static constexpr bool reads_values = made_columns::count != 0;

    insert_sink(entity_set& set, std::vector<object> objects)
        : flush_sink{set.unit_, table_of<T>, false}, set_{set}, objects_{std::move(objects)} {}

   private:
    void read(libpq::result_handle answer) override {
      if (libpq::result_view{answer}.affected_rows() != objects_.size()) {
        throw usage_error(
            "the server has not inserted all of the new rows of " + std::string{table_of<T>.name},
            objects_.front()->where);
      }
      if constexpr (made_columns::count != 0) {
        using shape = answer_shape<T, made_columns>;
        rows<typename shape::type::row, typename shape::type> const made{std::move(answer),
                                                                         objects_.front()->where};
        auto row = made.begin();
        for (object const& each : objects_) {
          take_made<shape>(*each, *row++);
        }
      }
      for (object const& each : objects_) {
        each->awaits_key = false;
      }
      set_.stored_.add(std::exchange(objects_, {}));
    }

    /// Takes what the server has made; what was changed while the INSERT was on its way stays.
    template <class Shape, class Values>
    static void take_made(entity<T>& one, Values const& values) {
      if constexpr (columns_where<T, has_default>::count != 0) {
        if (is_changed(one)) {
          T const mine = one.value;
          Shape::assign(one.value, values);
          keep_defaults(one, mine, all_columns{});
          Shape::assign(one.loaded, values);
          return;
        }
      }
      Shape::assign(one.value, values);
      Shape::assign(one.loaded, values);
    }
    /// What was given to columns with a default since the INSERT was queued.
    template <std::size_t... I>
    static void keep_defaults(entity<T>& one, T const& mine, std::index_sequence<I...>) {
      ((has_default(definition_of<T>.facts[I]) && differs<I>(mine, one.loaded)
            ? static_cast<void>(nth_binding<T, I>::get(one.value) = nth_binding<T, I>::get(mine))
            : static_cast<void>(0)),
       ...);
    }

    entity_set& set_;
    std::vector<object> objects_;
  };

  class update_sink : public flush_sink {
   public:
    static constexpr bool reads_values = generated_columns::count != 0;

    update_sink(unit_of_work& unit, object of, std::source_location const& where)
        : flush_sink{unit, table_of<T>, true}, of_{std::move(of)}, where_{where} {}

   private:
    void read([[maybe_unused]] libpq::result_handle answer) override {
      if constexpr (generated_columns::count != 0) {
        read_generated(std::move(answer), std::make_index_sequence<generated_columns::count>{});
      }
    }
    template <std::size_t... I>
    void read_generated(libpq::result_handle answer, std::index_sequence<I...>) {
      using shape =
          mapped_shape<value_part<int>,
                       value_part<typename nth_binding<T, generated_columns::all[I]>::value>...>;
      auto row = rows<typename shape::row, shape>{std::move(answer), where_}[0];
      for (T* const to : {&of_->value, &of_->loaded}) {
        ((nth_binding<T, generated_columns::all[I]>::get(*to) = std::get<I + 1>(row)), ...);
      }
    }

    object of_;
    std::source_location where_;
  };

  static std::vector<entity_target> list_targets() {
    std::vector<entity_target> targets;
    for (reference_facts const& each : references_of<T>) {
      targets.push_back({each.target_struct, !table_of<T>.columns[each.column].nullable});
    }
    return targets;
  }

  void adopt(object const& one) {
    one->unit = &unit_;
    one->born = unit_.depth();
    all_.push_back(one);
  }
  static void let_go(entity<T>& one) noexcept {
    one.unit = nullptr;
    one.links.clear();
    one.history.clear();
    one.awaits_key = false;
    one.inserted = -1;
    if (one.status == entity_status::pending || one.status == entity_status::doomed) {
      one.status = entity_status::detached;
    }
  }

  /// Keeps what the object is, once at each depth.
  void save(entity<T>& one) {
    int const depth = unit_.depth();
    if (one.inserted >= 0) {
      T before = one.loaded;
      forget_identity(before);
      one.history.push_back({one.inserted, entity_status::pending, before, before});
      one.inserted = -1;
    }
    if (one.history.empty() || one.history.back().depth < depth) {
      one.history.push_back({depth, one.status, one.value, one.loaded});
    }
  }
  /// The same for one that is inserted: what it was can be told from what was loaded, if but for
  /// its identity the server makes nothing.
  template <bool WithIdentity>
  void save_new(entity<T>& one) {
    if (made_columns::count == (WithIdentity ? 0 : 1) && one.history.empty()) {
      one.inserted = unit_.depth();
    } else {
      save(one);
    }
  }
  static void forget_identity(T& value) noexcept {
    for_each_column<T>([&]<class Binding>(column_facts const& facts, Binding) {
      if constexpr (std::is_integral_v<non_null_t<typename Binding::value>>) {
        if (facts.identity) {
          Binding::get(value) = new_identity<T, Binding>();
        }
      }
    });
  }
  static void undo_to(entity<T>& one, int depth) noexcept {
    one.awaits_key = false;
    bool found = false;
    bool const was_new = one.inserted >= depth;
    if (was_new) {
      one.inserted = -1;
      one.status = entity_status::pending;
      forget_identity(one.loaded);
    }
    while (!one.history.empty() && one.history.back().depth >= depth) {
      auto& before = one.history.back();
      one.status = before.status;
      one.value = std::move(before.value);
      one.loaded = std::move(before.loaded);
      one.history.pop_back();
      found = true;
    }
    if (was_new ||
        (one.status != entity_status::pending && (found || one.status == entity_status::stored))) {
      try {
        one.value = one.loaded;
      } catch (...) {  // without memory it stays as it is
      }
    }
  }
  /// Sorts the objects anew by where they stand.
  void index() noexcept {
    pending_.clear();
    doomed_.clear();
    changed_.clear();
    stored_.clear();
    try {
      for (object const& each : all_) {
        if (each->status == entity_status::pending) {
          pending_.push_back(each);
        } else if (each->status == entity_status::stored || each->status == entity_status::doomed) {
          stored_.add(each);
          if (each->status == entity_status::doomed) {
            doomed_.push_back(each);
          }
        }
      }
    } catch (...) {
      unit_.note_problem(std::current_exception());
    }
  }

  /// Whether a value is made of floating point numbers, of which NaN is not equal to itself.
  template <class V>
  static constexpr bool holds_floating =
      std::floating_point<non_null_t<typename array_shape<non_null_t<V>>::leaf_type>>;

  template <std::size_t I>
  static bool differs(T const& a, T const& b) {
    using binding = nth_binding<T, I>;
    constexpr column_facts const& column = definition_of<T>.facts[I];
    if constexpr (column.version || is_generated(column)) {
      return false;
    } else if constexpr (holds_floating<typename binding::value>) {
      return !(binding::get(a) == binding::get(b)) &&
             key_text_for(binding::get(a)) != key_text_for(binding::get(b));
    } else if constexpr (std::equality_comparable<typename binding::value>) {
      return !(binding::get(a) == binding::get(b));
    } else {
      return key_text_for(binding::get(a)) != key_text_for(binding::get(b));
    }
  }
  template <std::size_t... I>
  static std::vector<std::size_t> list_changes(T const& a, T const& b, std::index_sequence<I...>) {
    std::vector<std::size_t> changed;
    ((differs<I>(a, b) ? changed.push_back(I) : static_cast<void>(0)), ...);
    return changed;
  }
  template <std::size_t... I>
  static bool any_change(T const& a, T const& b, std::index_sequence<I...>) {
    return (differs<I>(a, b) || ...);
  }
  static bool is_changed(entity<T> const& one) {
    return one.status == entity_status::stored && any_change(one.value, one.loaded, all_columns{});
  }
  void list_changed() {
    changed_.clear();
    for (object const& each : all_) {
      if (is_changed(*each)) {
        changed_.push_back(each);
      }
    }
  }

  /// Takes those out of a list that `wanted` says yes to; both keep their order.
  template <class Wanted>
  static std::vector<object> take_out(std::vector<object>& from, Wanted const& wanted) {
    std::vector<object> taken;
    std::size_t left = 0;
    for (object& each : from) {
      if (wanted(*each)) {
        taken.push_back(std::move(each));
      } else if (object& to = from[left++]; &to != &each) {
        to = std::move(each);
      }
    }
    from.resize(left);
    return taken;
  }

  /// Fills in the keys of the objects it refers to; false if one is not known yet.
  static bool fill_links(entity<T>& one) {
    for (entity_link const& each : one.links) {
      entity_base const& parent = *each.parent;
      if (parent.status == entity_status::removed || parent.status == entity_status::doomed ||
          parent.status == entity_status::detached) {
        throw usage_error("a new object refers to one that was removed", one.where);
      }
      if (parent.status == entity_status::pending || !each.fill(one, parent)) {
        return false;
      }
    }
    return true;
  }

  template <bool WithIdentity>
  void insert(connection_core& core, std::vector<object> objects) {
    constexpr bool bulk = is_bulk_insertable<T, WithIdentity>;
    if (objects.empty()) {
      return;
    }
    for (object const& each : objects) {
      save_new<WithIdentity>(*each);
      each->status = entity_status::stored;
      each->awaits_key = made_columns::count != 0;
      each->loaded = each->value;
      if constexpr (made_columns::count == 0) {
        stored_.add(each);
      }
    }
    using inserted = inserted_columns<T, WithIdentity>;
    using index = std::make_index_sequence<inserted::count>;
    if constexpr (bulk) {
      if (objects.size() > 1) {
        parameter_list bound;
        add_arrays<inserted>(bound, objects, index{});
        std::source_location const where = objects.front()->where;
        answer_sink* const sink = unit_.keep<insert_sink>(*this, std::move(objects));
        core.defer_own(sql_of<bulk_insert_text<T, WithIdentity>>(where), bound.view(), sink, false);
        return;
      }
    }
    sort_parents_first<&entity<T>::value>(objects);
    for (object const& each : objects) {
      parameter_list bound;
      add_values<inserted>(bound, each->value, each->where, index{});
      answer_sink* const sink = unit_.keep<insert_sink>(*this, std::vector<object>{each});
      core.defer_own(sql_of<insert_text<T, WithIdentity>>(each->where), bound.view(), sink, false);
    }
  }

  template <class Columns, std::size_t... I>
  static void add_values(parameter_list& bound, T const& value, std::source_location const& where,
                         std::index_sequence<I...>) {
    (bound.add(nth_binding<T, Columns::all[I]>::get(value), where), ...);
  }
  template <class Columns, std::size_t... I>
  static void add_arrays(parameter_list& bound, std::vector<object> const& objects,
                         std::index_sequence<I...>) {
    (bound.add(entity_column<T, nth_binding<T, Columns::all[I]>>{objects}, objects.front()->where),
     ...);
  }

  void update(connection_core& core, object const& one, std::source_location const& where) {
    std::vector<std::size_t> const changed = list_changes(one->value, one->loaded, all_columns{});
    if (changed.empty()) {
      return;  // it has been told since that its row is like that
    }
    constexpr bool returns = generated_columns::count != 0;
    auto const write = [&](text_writer out) {
      put_update(out, table_of<T>, changed.data(), changed.size(), key_of<T>, returns);
      return out.size();
    };
    std::string text(write(text_writer{}), ' ');
    write(text_writer{text.data()});
    parameter_list bound;
    for (std::size_t const column : changed) {
      std::size_t at = 0;
      for_each_column<T>([&]<class Binding>(column_facts const&, Binding) {
        if (at++ == column) {
          bound.add(Binding::get(one->value), where);
        }
      });
    }
    add_row_condition(bound, *one);
    save(*one);
    answer_sink* const sink = unit_.keep<update_sink>(unit_, one, where);
    core.defer_own(
        {.text = text.c_str(), .size = text.size(), .hash = hash_sql(text), .where = where},
        bound.view(), sink, true);
    if constexpr (has_version) {
      using version = nth_binding<T, columns_where<T, is_version>::all[0]>;
      version::get(one->value) =
          static_cast<typename version::value>(version::get(one->loaded) + 1);
    }
    std::string const before = key_text(one->loaded);
    one->loaded = one->value;
    if (key_text(one->loaded) != before) {
      stored_.erase(before);
      stored_.add(one);
    }
  }

  /// The key of its row, and the version it was loaded with.
  static void add_row_condition(parameter_list& bound, entity<T> const& one) {
    add_key(bound, one.loaded);
    if constexpr (has_version) {
      bound.add(nth_binding<T, columns_where<T, is_version>::all[0]>::get(one.loaded));
    }
  }
  template <std::size_t... I>
  static void add_key(parameter_list& bound, T const& value, std::index_sequence<I...>) {
    static_assert(
        sizeof...(I) > 0,
        "pqscope: objects of a struct can be tracked only if its table has a primary key");
    (bound.add(nth_binding<T, key_of<T>[I]>::get(value)), ...);
  }

  using all_columns = std::make_index_sequence<columns_of<T>::size>;

  unit_of_work& unit_;
  std::vector<object> all_;
  std::vector<object> pending_;
  std::vector<object> doomed_;
  std::vector<object> changed_;  // as the flush that goes on has found them
  entity_index<T> stored_;
};

}  // namespace pqscope::detail

#endif
