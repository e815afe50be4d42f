/* SPDX-License-Identifier: ISC */
/**
 * @file control_exec.h  What the requests of the control socket do to ipsecmond's segment and its feeds.
 *
 * Threads:   the event loop's.
 */
#ifndef CONTROL_EXEC_H
#define CONTROL_EXEC_H

#include "control_server.h"
#include "ipm_writer.h"

/** @p why: empty when it was done. */
typedef void control_terminated(void *arg, bool ok, const char *why);

struct control_exec {
	struct ipm_writer *writer;
	const char *state_path; /* where sizes are kept */
	gid_t group;            /* who may use the state's directory; (gid_t)-1: the owner only */
	bool allow_destroy;
	/*
	 * Close SAs of the feed with this slot: 0, and @p done is called once, later; or a negative errno.
	 * NULL: no feed can.
	 */
	int (*terminate)(void *arg, const struct ipm_feed *feed, bool ike, const uint32_t *uids, size_t count,
			 control_terminated *done, void *done_arg);
	void *terminate_arg;
};

/** Make the sizes what they were set to in an earlier run. Call it once, before the server is open. */
void control_exec_restore(struct control_exec *exec);

/** The control_handler; @p arg is the struct control_exec, which must outlive the server. */
void control_exec_handle(void *arg, const struct control_command *command, struct control_call *call);

#endif
