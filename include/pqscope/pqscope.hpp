#ifndef PQSCOPE_PQSCOPE_HPP
#define PQSCOPE_PQSCOPE_HPP

/// \file
/// All of pqscope but its wings `asio.hpp`, `reflection.hpp` and `testing.hpp`.

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/connection/environment.hpp>
#include <pqscope/engine.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/events/listener.hpp>
#include <pqscope/events/log_observer.hpp>
#include <pqscope/events/metrics.hpp>
#include <pqscope/events/observer_list.hpp>
#include <pqscope/events/replication_stream.hpp>
#include <pqscope/mapping/compare_schema.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/mapping/create_extension.hpp>
#include <pqscope/mapping/drop_all.hpp>
#include <pqscope/mapping/functions.hpp>
#include <pqscope/mapping/operators.hpp>
#include <pqscope/mapping/queries.hpp>
#include <pqscope/mapping/statement_transfer.hpp>
#include <pqscope/mapping/to_ddl.hpp>
#include <pqscope/mapping/to_mermaid.hpp>
#include <pqscope/mapping/verify.hpp>
#include <pqscope/pool/pool.hpp>
#include <pqscope/pool/pool_metrics.hpp>
#include <pqscope/session.hpp>
#include <pqscope/session_objects.hpp>
#include <pqscope/sql/compose.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/sql/join.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/transaction/resolve.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transaction/two_phase.hpp>
#include <pqscope/transfer/copy_in.hpp>
#include <pqscope/transfer/copy_out.hpp>
#include <pqscope/transfer/copy_text.hpp>
#include <pqscope/transfer/cursor.hpp>
#include <pqscope/transfer/execute_many.hpp>
#include <pqscope/transfer/large_object.hpp>
#include <pqscope/transfer/large_object_streambuf.hpp>
#include <pqscope/transfer/pipeline.hpp>
#include <pqscope/transfer/stream.hpp>
#include <pqscope/types/types.hpp>
#include <pqscope/unique_session.hpp>
#include <pqscope/with_session.hpp>

#endif
