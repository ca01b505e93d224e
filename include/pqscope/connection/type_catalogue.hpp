#ifndef PQSCOPE_CONNECTION_TYPE_CATALOGUE_HPP
#define PQSCOPE_CONNECTION_TYPE_CATALOGUE_HPP

#include <pqscope/connection/type_source.hpp>
#include <pqscope/types/user_type.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// What has been learnt of the types that users made in one database. Any number of threads may use
/// it.
class type_catalogue {
 public:
  /// All of it, as it is now; null before anything has been learnt.
  shared_types table() const {
    std::lock_guard const held{mutex_};
    return table_;
  }
  /// Adds what has been learnt, in place of what was known of the same types; answers all.
  shared_types add(std::vector<user_type> types) {
    std::lock_guard const held{mutex_};
    auto next = std::make_shared<type_table>(table_ ? *table_ : type_table{});
    for (user_type& each : types) {
      next->put(std::move(each));
    }
    table_ = std::move(next);
    return table_;
  }

 private:
  mutable std::mutex mutex_;
  shared_types table_;
};

/// The catalogues of the databases that the connections of a pool lead to. Any number of threads
/// may use it.
class type_registry {
 public:
  /// The catalogue of a database, by what its server calls it. It lives as long as a connection
  /// that has it, so that nothing is kept of servers that are gone.
  std::shared_ptr<type_catalogue> of(std::string_view database) {
    std::lock_guard const held{mutex_};
    std::shared_ptr<type_catalogue> found;
    for (std::size_t i = known_.size(); i-- > 0;) {
      std::shared_ptr<type_catalogue> alive = known_[i].catalogue.lock();
      if (!alive) {
        std::swap(known_[i], known_.back());
        known_.pop_back();
      } else if (known_[i].database == database) {
        found = std::move(alive);
      }
    }
    if (!found) {
      found = std::make_shared<type_catalogue>();
      known_.push_back({std::string(database), found});
    }
    return found;
  }

 private:
  struct entry {
    std::string database;
    std::weak_ptr<type_catalogue> catalogue;
  };

  std::mutex mutex_;
  std::vector<entry> known_;
};

/// What one connection knows. What others of its pool have learnt is not used before the server has
/// said that it is the same database: an address can lead to another one tomorrow.
class type_knowledge {
 public:
  /// Shares it with others.
  void share(std::shared_ptr<type_registry> registry) noexcept { registry_ = std::move(registry); }

  /// What is known; null for nothing.
  shared_types table() const { return catalogue_ ? catalogue_->table() : nullptr; }

  /// Adds what the server has told of types, and which database it is.
  shared_types add(std::string_view database, std::vector<user_type> types) {
    if (!catalogue_ || database_ != database) {
      if (!registry_) {
        registry_ = std::make_shared<type_registry>();
      }
      catalogue_ = registry_->of(database);
      database_ = database;
    }
    return catalogue_->add(std::move(types));
  }

 private:
  std::shared_ptr<type_registry> registry_;
  std::shared_ptr<type_catalogue> catalogue_;
  std::string database_;
};

}  // namespace pqscope::detail

#endif
