"""Attacks by contents and by people: secrets, active texts, rights, sessions, floods, weak keys."""

from __future__ import annotations

from tests.attacks.case import Case

SLACK_MARKUP = "bot/platforms/slack/test_markup.py::"
SLACK_BLOCKS = "bot/platforms/slack/test_blocks.py::"
WECOM_FORGED = "bot/platforms/wecom/test_routes_forged.py::"
WECOM = "bot/platforms/wecom/test_routes.py::"
ENVELOPE = "bot/platforms/wecom/test_envelope.py::"
WECOM_MARKUP = "bot/platforms/wecom/test_markup.py::"
MATTERMOST = "bot/platforms/mattermost/test_routes.py::"
MATTERMOST_MARKUP = "bot/platforms/mattermost/test_markup.py::"
MATTERMOST_PRESENTER = "bot/platforms/mattermost/test_presenter.py::"
MATTERMOST_SENDER = "bot/platforms/mattermost/test_sender.py::"
SERVER = "bot/web/test_server.py::"
DIAL = "bot/commands/threshold/test_dial.py::"
RIGHTS = "bot/responder/test_rights.py::"
ENGINE = "engine/web/test_routes.py::"
PLANTED = "attacks/test_planted_secrets.py::"
PROCESSES = "attacks/test_planted_secrets_in_processes.py::"
VALUES = "attacks/test_senseless_values.py::"
COSTLY = "attacks/test_costly_texts.py::"
SIGNING_IN = "bot/console/test_signing_in.py::"
CONSOLE = "bot/console/test_routes.py::"
HOSTILE = "bot/console/test_hostile.py::"

CONTENTS: dict[str, Case] = {
    "SEC21": Case(
        (
            f"{PLANTED}test_every_secret_was_shown_to_those_it_is_for",
            f"{PLANTED}test_no_secret_stands_in_the_log",
            f"{PLANTED}test_no_secret_is_even_handed_to_the_log",
            f"{PLANTED}test_no_secret_stands_in_an_answer_a_reply_or_a_file",
            f"{PLANTED}test_no_secret_stands_in_the_metrics_or_the_dead_letters",
            f"{PLANTED}test_no_secret_stands_on_a_page_of_the_console",
            f"{PLANTED}test_nothing_configured_is_stored",
            f"{PROCESSES}test_the_engine_tells_no_secret_of_its_sources_or_its_token",
            f"{PROCESSES}test_the_bot_tells_no_secret_when_it_cannot_start",
            f"{PROCESSES}test_an_address_that_is_logged_holds_no_password",
        ),
        "core files hold whatever the memory held; SECURITY.md says to switch them off",
    ),
    "SEC22": Case(
        (
            f"{SLACK_MARKUP}test_foreign_text_neither_rings_nor_links",
            f"{SLACK_BLOCKS}test_every_answer_fits_and_is_inert",
            f"{WECOM}test_foreign_text_rings_nobody_and_forges_no_link",
            f"{WECOM_MARKUP}test_nobody_is_rung",
            f"{MATTERMOST_MARKUP}test_what_rings_in_a_post_and_never_once_it_is_inert",
            f"{MATTERMOST_PRESENTER}test_hostile_text_in_every_field_is_inert",
            f"{MATTERMOST_MARKUP}test_inert_text_formats_nothing_rings_nobody_and_reads_the_same",
            f"{MATTERMOST_SENDER}test_hostile_text_rings_nobody",
        ),
    ),
    "SEC23": Case(
        (
            f"{SLACK_MARKUP}test_a_link_goes_where_it_says",
            f"{SLACK_MARKUP}test_only_web_addresses_become_links",
            f"{WECOM_MARKUP}test_a_link_goes_where_it_says",
            f"{MATTERMOST_MARKUP}test_a_link_goes_where_it_says",
            f"{MATTERMOST_MARKUP}test_a_link_is_one_link_or_none",
        )
    ),
    "SEC24": Case(
        (
            f"{VALUES}test_no_question_starts_a_formula_in_the_export_and_all_are_read_back",
            "bot/test_csv_cells.py::test_no_reader_finds_a_formula_whatever_parts_its_cells",
            "bot/test_csv_cells.py::test_what_was_guarded_is_the_text_again",
            "bot/commands/export/test_reply.py::test_what_is_written_is_read_back",
            "engine/test_csv_cells.py::test_no_cell_of_an_evaluation_is_a_formula",
        )
    ),
    "SEC25": Case(
        (
            "bot/process/test_logs.py::test_an_event_stays_on_its_own_line",
            "bot/process/test_logs.py::test_a_forged_record_is_only_text",
            "engine/test_logs.py::test_a_forged_record_stays_inside_its_field",
            "engine/cli/test_plain.py::test_no_text_steers_the_terminal",
        )
    ),
    "SEC26": Case(
        (
            "bot/web/test_files.py::test_a_link_gives_its_file_to_be_saved_and_not_shown",
            f"{CONSOLE}test_hostile_texts_stay_text",
            f"{HOSTILE}test_no_page_brings_a_text_to_life",
            f"{HOSTILE}test_nothing_runs_in_a_real_browser",
            f"{CONSOLE}test_a_formula_is_inert_in_the_file",
        )
    ),
    "SEC27": Case(
        (
            f"{RIGHTS}test_where_only_admins_may_others_change_nothing_and_learn_who_may",
            f"{RIGHTS}test_every_command_that_changes_something_is_among_those_tried_below",
            f"{RIGHTS}test_a_refused_change_is_told_to_the_operator",
            f"{RIGHTS}test_where_only_admins_may_others_cannot_turn_the_dial_either",
            f"{RIGHTS}test_a_message_without_a_person_changes_nothing",
        ),
        "a refused attempt is a line in the log and, like any message, a row of the inbox; it has no audit"
        " row of its own",
    ),
    "SEC28": Case(
        (
            f"{DIAL}test_a_click_on_another_channels_answer_finds_nothing",
            "bot/store/test_settings_and_history.py::test_an_answer_is_readable_by_its_own_channel_only",
            f"{WECOM}test_a_stream_is_told_to_its_own_room_only",
            f"{MATTERMOST}test_a_button_of_another_channel_or_of_nobody_is_refused",
            "bot/web/test_files.py::test_what_we_did_not_sign_gives_nothing",
            f"{CONSOLE}test_a_foreign_channel_looks_like_one_that_is_not",
            "bot/console/test_questions.py::test_a_decision_of_another_channel_is_none",
            "bot/console/test_operators.py::test_an_admin_sees_and_tries_what_is_their_workspaces_alone",
        )
    ),
    "SEC29": Case(
        (
            f"{RIGHTS}test_where_only_admins_may_others_cannot_turn_the_dial_either",
            "bot/cli/test_operator.py::test_an_admin_by_a_code_is_listed_and_taken_away_again",
            f"{CONSOLE}test_rights_that_are_taken_away_are_gone_with_the_next_request",
            f"{HOSTILE}test_an_admin_who_is_removed_is_signed_out_everywhere",
        ),
        "rights are looked up at the click, not at the drawing of the button, and anew with every request",
    ),
    "SEC30": Case(open="the sheet has no case of this number"),
    "SEC31": Case(
        (
            f"{VALUES}test_a_senseless_value_is_refused_in_a_sentence_and_changes_nothing",
            f"{VALUES}test_a_wrong_value_is_told_to_the_person_alone_with_the_range",
            "bot/texts/test_wording.py::test_a_name_in_braces_stays_a_name",
            f"{ENGINE}test_a_wrong_question_is_answered_with_the_reason",
        )
    ),
    "SEC32": Case(
        (
            f"{SIGNING_IN}test_a_form_without_its_token_or_with_anothers_changes_nothing",
            f"{SIGNING_IN}test_a_link_is_not_signed_in_by_a_forged_form",
            f"{CONSOLE}test_what_changes_something_takes_no_get",
        )
    ),
    "SEC33": Case((f"{SIGNING_IN}test_robots_that_fetch_the_link_do_not_use_it_up_and_get_no_login",)),
    "SEC34": Case(
        (
            f"{WECOM_FORGED}test_wrong_codes_are_limited",
            f"{SIGNING_IN}test_unknown_altered_and_used_links_are_told_apart_by_nothing",
            f"{HOSTILE}test_guessing_links_finds_none_and_locks_nobody_out",
        ),
        "admin codes; the console has no password, and a link is 256 random bits",
    ),
    "SEC35": Case(
        (
            f"{SIGNING_IN}test_the_cookie_is_host_bound_secure_unreadable_and_new_at_each_login",
            f"{SIGNING_IN}test_a_login_dies_at_sign_out_after_eight_idle_hours_and_after_seven_days",
            f"{SIGNING_IN}test_own_logins_are_listed_and_ended_and_nobody_elses",
        )
    ),
    "SEC36": Case(
        (
            "attacks/test_headers.py::test_every_answer_has_the_safe_headers_and_no_banner",
            f"{CONSOLE}test_a_route_lets_in_whom_it_should",
            f"{HOSTILE}test_every_kind_of_answer_has_the_safe_headers",
        )
    ),
    "SEC37": Case(
        (
            "faults/test_floods.py::test_one_person_who_floods_is_told_once_and_every_event_is_acknowledged",
            "attacks/test_floods.py::test_after_a_quiet_minute_the_flood_is_forgotten",
        )
    ),
    "SEC38": Case(
        (
            "faults/test_floods.py::test_one_channel_that_floods_leaves_the_others_their_answers",
            "attacks/test_floods.py::test_a_flooded_channel_takes_nothing_from_ten_quiet_ones",
        )
    ),
    "SEC39": Case(
        (
            f"{SERVER}test_a_client_that_takes_too_long_is_cut_however_it_drips",
            "faults/test_floods.py::test_slow_clients_are_cut_and_take_nothing_from_the_others",
            "engine/web/test_server.py::test_a_client_that_takes_too_long_is_cut_however_it_drips",
        )
    ),
    "SEC40": Case(
        (
            f"{COSTLY}test_no_pattern_hesitates_over_a_long_run_of_anything",
            f"{COSTLY}test_no_pattern_hesitates_over_any_two_characters_in_turn",
            f"{COSTLY}test_twice_the_text_is_twice_the_work",
            "engine/encoder/test_batcher.py::test_a_full_line_refuses_at_once",
            "engine/encoder/test_batcher.py::test_pieces_are_small_and_leave_nothing_out",
            "bot/commands/base/test_rate_limit.py::test_memory_is_bounded",
            f"{ENVELOPE}test_the_memory_of_replays_is_bounded",
        )
    ),
    "SEC41": Case(
        (
            "bot/test_weak_secrets.py::test_the_bot_starts_with_no_weak_secret_and_names_the_key",
            "bot/test_weak_secrets.py::test_no_key_that_is_a_secret_goes_without_being_looked_at",
            "engine/test_weak_secrets.py::test_the_engine_starts_with_no_weak_secret_and_names_the_key",
        )
    ),
}
