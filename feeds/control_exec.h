/* SPDX-License-Identifier: ISC */
/**
 * @file control_exec.h  Carry out the requests of the control socket, on ipsecmond's segment and its feeds.
 *
 * Threads:   the event loop's.
 */
#ifndef CONTROL_EXEC_H
#define CONTROL_EXEC_H

#include "control_server.h"
#include "ipm_writer.h"

/** The result; @p why is empty on success. */
typedef void control_terminated(void *arg, bool ok, const char *why);

/** What to close. */
struct control_target {
	uint32_t feed; /* slot of the feed that can close it: it reported the IKE SA or CHILD_SAs, or keeps the SAs */
	bool ike;      /* an IKE SA, else a tunnel */
	uint32_t slot; /* of its record */
	uint32_t uids[16]; /* the feed's own ids: of the IKE SA, or of the tunnel's CHILD_SAs */
	size_t count;
};

struct control_exec {
	struct ipm_writer *writer;
	const char *state_path; /* where the sizes are saved */
	gid_t group;            /* who may use the state's directory; (gid_t)-1: the owner only */
	bool allow_destroy;
	/*
	 * Have the feed close it: 0, and @p done is called once, now or later; or a negative errno.
	 * NULL: no feed can.
	 */
	int (*terminate)(void *arg, const struct control_target *target, control_terminated *done, void *done_arg);
	void *terminate_arg;
};

/** Restore the sizes that an earlier run saved. Call it once, before the server is open. */
void control_exec_restore(struct control_exec *exec);

/** The control_handler; @p arg is the struct control_exec, which must outlive the server. */
void control_exec_handle(void *arg, const struct control_command *command, struct control_call *call);

#endif
