#ifndef PQSCOPE_TESTING_HPP
#define PQSCOPE_TESTING_HPP

/// \file
/// For tests of one's own: a throwaway server, a proxy that injects faults, an observer that
/// records, and a scope that undoes everything. Needs threads; not part of `pqscope.hpp`.

#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/testing/rolled_back.hpp>
#include <pqscope/testing/temporary_cluster.hpp>
#include <pqscope/testing/temporary_standby.hpp>

namespace pqscope {

/// `testing::temporary_cluster`, under its short name.
using testing::temporary_cluster;
/// `testing::temporary_standby`, under its short name.
using testing::temporary_standby;
/// `testing::faulty_proxy`, under its short name.
using testing::faulty_proxy;
/// `testing::recorder`, under its short name.
using testing::recorder;
/// `testing::rolled_back`, under its short name.
using testing::rolled_back;

}  // namespace pqscope

#endif
