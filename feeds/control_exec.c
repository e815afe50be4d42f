/* SPDX-License-Identifier: ISC */
/* Carry out the requests of the control socket. */
#include "control_exec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "state.h"

/* --- sizes ----------------------------------------------------------------------------------------------------- */

static int
save_sizes(const struct control_exec *exec, struct ipm_settings *sizes)
{
	const struct state_key keys[] = { { "history-size", 1, INT32_MAX, &sizes->history_size },
					  { "failure-size", 1, INT32_MAX, &sizes->failure_size } };
	return state_save(exec->state_path, keys, sizeof(keys) / sizeof(keys[0]), exec->group);
}

/* The smaller of two rings: a size must fit both. */
static uint32_t
most(const struct control_exec *exec, enum ipm_section_kind one, enum ipm_section_kind other)
{
	const struct ipm_segment *seg = ipm_writer_segment(exec->writer);
	uint32_t a = ipm_segment_capacity(seg, one), b = ipm_segment_capacity(seg, other);
	return a < b ? a : b;
}

static uint32_t
most_history(const struct control_exec *exec)
{
	return most(exec, IPM_IKE_HISTORY, IPM_TUNNEL_HISTORY);
}

static uint32_t
most_failures(const struct control_exec *exec)
{
	return most(exec, IPM_IKE_FAILURES, IPM_TUNNEL_FAILURES);
}

void
control_exec_restore(struct control_exec *exec)
{
	struct ipm_settings sizes = { 0 };
	if (ipm_settings_read(ipm_writer_segment(exec->writer), &sizes) < 0)
		return;
	const struct state_key keys[] = { { "history-size", 1, INT32_MAX, &sizes.history_size },
					  { "failure-size", 1, INT32_MAX, &sizes.failure_size } };
	if (state_load(exec->state_path, keys, sizeof(keys) / sizeof(keys[0])) < 0)
		return;
	/* The configuration may have smaller rings now. */
	if (sizes.history_size > most_history(exec) || sizes.failure_size > most_failures(exec))
		log_warn("%s: more than the segment holds (history %u, failures %u); using these limits",
			 exec->state_path, most_history(exec), most_failures(exec));
	if (sizes.history_size > most_history(exec))
		sizes.history_size = most_history(exec);
	if (sizes.failure_size > most_failures(exec))
		sizes.failure_size = most_failures(exec);
	ipm_settings_put(exec->writer, &sizes);
	ipm_writer_commit(exec->writer);
}

/* A setting that cannot be saved is rejected. */
static void
set_size(struct control_exec *exec, const struct control_command *command, struct control_call *call)
{
	struct ipm_settings before, sizes;
	char text[CONTROL_LINE_MAX];
	bool history = command->verb == CONTROL_HISTORY_SIZE;

	if (ipm_settings_read(ipm_writer_segment(exec->writer), &before) < 0) {
		control_answer(call, false, "the segment has no settings");
		return;
	}
	sizes = before;
	*(history ? &sizes.history_size : &sizes.failure_size) = command->number;
	if (ipm_settings_put(exec->writer, &sizes) < 0) {
		snprintf(text, sizeof(text), "the segment holds %u",
			 history ? most_history(exec) : most_failures(exec));
		control_answer(call, false, text);
		return;
	}
	int rc = save_sizes(exec, &sizes);
	if (rc < 0) {
		ipm_settings_put(exec->writer, &before);
		snprintf(text, sizeof(text), "it cannot be saved: %s: %s", exec->state_path, strerror(-rc));
		log_error("control: %s", text);
	} else {
		log_info("control: %s %u", history ? "history-size" : "failure-size", command->number);
	}
	ipm_writer_commit(exec->writer);
	control_answer(call, rc == 0, rc == 0 ? "" : text);
}

/* --- destroy --------------------------------------------------------------------------------------------------- */

static void
add_uid(struct control_target *target, uint64_t uid)
{
	for (size_t i = 0; i < target->count; i++)
		if (target->uids[i] == uid)
			return;
	if (uid != 0 && uid <= UINT32_MAX && target->count < sizeof(target->uids) / sizeof(target->uids[0]))
		target->uids[target->count++] = (uint32_t)uid;
}

/* Fill in the target. NULL, or why it cannot be closed. */
static const char *
find_ike(const struct ipm_writer *w, uint32_t index, struct control_target *target)
{
	target->ike = true;
	struct ipm_walk walk;
	struct ipm_ike_sa ike;

	ipm_walk_all(&walk, ipm_writer_segment(w), IPM_IKE_SAS);
	while (ipm_walk_next(&walk, &ike) > 0) {
		if (ike.index != index)
			continue;
		if (ike.held)
			return "the IKE daemon is away";
		target->feed = ike.feed;
		target->slot = walk.slot;
		add_uid(target, ike.uid);
		return NULL;
	}
	return "there is no such IKE SA";
}

/* A session is its IKE SA. */
static const char *
find_session(const struct ipm_writer *w, uint32_t index, struct control_target *target)
{
	struct ipm_walk walk;
	struct ipm_session session;

	ipm_walk_all(&walk, ipm_writer_segment(w), IPM_SESSIONS);
	while (ipm_walk_next(&walk, &session) > 0)
		if (session.index == index)
			return session.state == IPM_SESSION_HELD ? "the session is not up"
								 : find_ike(w, session.ike_index, target);
	return "there is no such session";
}

/* A tunnel has a pair of SAs, and another one while it is being rekeyed. */
static const char *
find_tunnel(const struct ipm_writer *w, uint32_t index, struct control_target *target)
{
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_walk walk, sas;
	struct ipm_tunnel tunnel;
	struct ipm_sa sa;

	ipm_walk_all(&walk, seg, IPM_TUNNELS);
	while (ipm_walk_next(&walk, &tunnel) > 0) {
		if (tunnel.index != index)
			continue;
		if (tunnel.state != IPM_TUNNEL_UP)
			return "the tunnel is not up";
		target->feed = tunnel.claimed ? tunnel.named_by - 1 : tunnel.feed;
		target->slot = walk.slot;
		add_uid(target, tunnel.uid);
		ipm_walk_sas(&sas, seg, &tunnel);
		while (ipm_walk_next(&sas, &sa) > 0)
			add_uid(target, sa.uid);
		return NULL;
	}
	return "there is no such tunnel";
}

static void
on_terminated(void *arg, bool ok, const char *why)
{
	control_answer(arg, ok, why);
}

/* What can be closed, by the verb of its request. */
static const struct closable {
	const char *name;
	const char *(*find)(const struct ipm_writer *w, uint32_t index, struct control_target *target);
} closables[] = {
	[CONTROL_DESTROY_IKE] = { "ike", find_ike },
	[CONTROL_DESTROY_TUNNEL] = { "tunnel", find_tunnel },
	[CONTROL_DESTROY_SESSION] = { "session", find_session },
};

static void
destroy(struct control_exec *exec, const struct control_command *command, struct control_call *call)
{
	const struct ipm_writer *w = exec->writer;
	const struct closable *closable = &closables[command->verb];
	struct control_target target = { .ike = false };
	struct ipm_feed feed;

	if (!exec->allow_destroy) {
		control_answer(call, false, "not allowed: set allow-destroy = true");
		return;
	}
	const char *why = closable->find(w, command->number, &target);
	/* Only the IKE daemon to which the feed is connected knows these unique ids. */
	if (!why && (ipm_feed_read(ipm_writer_segment(w), target.feed, &feed) < 0 || !exec->terminate))
		why = "its feed cannot close it";
	else if (!why && feed.state != IPM_FEED_UP)
		why = "its source is away";
	if (!why) {
		log_info("control: destroy %s %u", closable->name, command->number);
		int rc = exec->terminate(exec->terminate_arg, &target, on_terminated, call);
		if (rc == 0)
			return;
		why = strerror(-rc);
	}
	control_answer(call, false, why);
}

/* --- all ------------------------------------------------------------------------------------------------------- */

static void
put_agent(struct control_exec *exec, const struct control_command *command, struct control_call *call)
{
	struct ipm_agent agent = { .pid = command->number,
				   .sent = command->sent,
				   .suppressed = command->suppressed,
				   .disabled = command->disabled,
				   .waiting = command->waiting };
	_Static_assert(sizeof(agent.name) == sizeof(command->name), "a name has to fit");
	memcpy(agent.name, command->name, sizeof(agent.name));
	int rc = ipm_agent_put(exec->writer, &agent);
	ipm_writer_commit(exec->writer);
	control_answer(call, rc >= 0, rc >= 0 ? "" : "there is no room for another agent");
}

void
control_exec_handle(void *arg, const struct control_command *command, struct control_call *call)
{
	struct control_exec *exec = arg;

	switch (command->verb) {
	case CONTROL_HISTORY_SIZE:
	case CONTROL_FAILURE_SIZE:
		set_size(exec, command, call);
		return;
	case CONTROL_CHECK_POINT:
		ipm_checkpoint(exec->writer);
		ipm_writer_commit(exec->writer);
		log_info("control: check-point");
		break;
	case CONTROL_DESTROY_IKE:
	case CONTROL_DESTROY_TUNNEL:
	case CONTROL_DESTROY_SESSION:
		destroy(exec, command, call);
		return;
	case CONTROL_AGENT:
		put_agent(exec, command, call);
		return;
	case CONTROL_PING:
		break;
	}
	control_answer(call, true, "");
}
