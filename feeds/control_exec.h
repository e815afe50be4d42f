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

/** What is to be closed. */
struct control_target {
	uint32_t feed; /* the slot of the feed that can: the one that told of the IKE SA or CHILD_SAs, or keeps the SAs
			*/
	bool ike;      /* an IKE SA, else a tunnel */
	uint32_t slot; /* of its record */
	uint32_t uids[16]; /* that feed's own names: of the IKE SA, or of the tunnel's CHILD_SAs */
	size_t count;
};

struct control_exec {
	struct ipm_writer *writer;
	const char *state_path; /* where sizes are kept */
	gid_t group;            /* who may use the state's directory; (gid_t)-1: the owner only */
	bool allow_destroy;
	/*
	 * Have the feed close it: 0, and @p done is called once, now or later; or a negative errno.
	 * NULL: no feed can.
	 */
	int (*terminate)(void *arg, const struct control_target *target, control_terminated *done, void *done_arg);
	void *terminate_arg;
};

/** Make the sizes what they were set to in an earlier run. Call it once, before the server is open. */
void control_exec_restore(struct control_exec *exec);

/** The control_handler; @p arg is the struct control_exec, which must outlive the server. */
void control_exec_handle(void *arg, const struct control_command *command, struct control_call *call);

#endif
