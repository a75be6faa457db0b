"""Attacks that the sheet of forty did not have, and the supply chain."""

from __future__ import annotations

from tests.attacks.case import Case

INSTALLING = "bot/platforms/slack/test_installing.py::"
INSTALLATIONS = "bot/store/test_installations.py::"
HOME_TAB = "bot/platforms/slack/test_home.py::"
SLACK_CLICKS = "bot/platforms/slack/test_parser_clicks.py::"
SLACK_READING = "bot/platforms/slack/test_parser.py::"
WECOM_FORGED = "bot/platforms/wecom/test_routes_forged.py::"
MATTERMOST = "bot/platforms/mattermost/test_routes.py::"
MATTERMOST_BUTTONS = "bot/platforms/mattermost/test_action_signature.py::"
MATTERMOST_HOOKS = "bot/platforms/mattermost/test_outgoing_hooks.py::"
MATTERMOST_SENDER = "bot/platforms/mattermost/test_sender.py::"
OUTSIDERS = "bot/commands/admin/test_permissions.py::"
EXPORT = "bot/commands/export/test_reply.py::"

FOUND_LATER: dict[str, Case] = {
    "SEC42": Case(
        (
            "bot/domain/test_membership.py::test_one_word_against_somebody_is_enough_and_for_them_all_must_speak",
            f"{OUTSIDERS}test_every_command_but_asking_and_help_is_refused",
            f"{OUTSIDERS}test_their_clicks_turn_no_dial_and_teach_nothing",
            f"{OUTSIDERS}test_a_code_makes_no_admin_of_an_outsider_and_stays_good",
            f"{SLACK_READING}test_an_event_of_somebody_elses_workspace_says_so",
            f"{SLACK_CLICKS}test_a_click_of_somebody_elses_workspace_says_so",
            "bot/platforms/slack/test_user_names.py::test_only_a_full_member_of_our_workspace_is_one",
            "bot/platforms/mattermost/test_people.py::test_only_full_members_of_this_server_are_members",
            "bot/platforms/wecom/test_membership.py::test_an_id_says_whether_it_is_a_colleagues",
            "walks/test_outsiders.py::test_a_guest_and_a_partner_ask_and_turn_no_dial",
        )
    ),
    "SEC43": Case(
        (
            f"{WECOM_FORGED}test_no_callback_and_no_answer_of_ours_is_read_out_by_the_verification",
            f"{WECOM_FORGED}test_verification_gives_back_nothing_that_may_be_a_message",
        )
    ),
    "SEC44": Case((f"{EXPORT}test_who_voted_on_a_question_that_was_asked_privately_is_not_named",)),
    # Nothing in a click's headers proves anything: whoever finds the address can send one.
    "SEC45": Case(
        (
            f"{MATTERMOST}test_an_altered_context_is_refused",
            f"{MATTERMOST}test_a_button_of_another_channel_or_of_nobody_is_refused",
            f"{MATTERMOST}test_a_menus_choice_must_have_been_on_offer",
            f"{MATTERMOST}test_without_a_secret_no_click_is_believed",
            f"{MATTERMOST_BUTTONS}test_a_context_that_was_altered_is_forged",
            f"{MATTERMOST_BUTTONS}test_no_secret_believes_nothing_not_even_what_it_would_sign_itself",
        )
    ),
    # Commands carry no signature and no time: a copy would be good for ever.
    "SEC46": Case(
        (
            f"{MATTERMOST}test_a_request_is_of_its_person_and_of_now",
            f"{MATTERMOST}test_a_repeat_is_taken_once",
            f"{MATTERMOST}test_without_a_token_of_ours_nobody_is_believed",
        )
    ),
    # The address for later answers comes with a command, and is a credential.
    "SEC47": Case(
        (
            f"{MATTERMOST_SENDER}test_an_address_of_another_host_is_never_called",
            f"{MATTERMOST_SENDER}test_what_is_private_goes_through_the_address_of_its_command",
            f"{MATTERMOST}test_an_authentic_command_of_another_shape_is_kept_without_its_secrets",
        )
    ),
    "SEC48": Case(
        (
            f"{INSTALLING}test_a_state_of_another_browser_of_nobody_or_used_is_refused",
            f"{INSTALLING}test_of_eight_that_come_back_at_once_one_installs",
            f"{INSTALLATIONS}test_of_eight_at_once_exactly_one_uses_a_state_up",
            f"{INSTALLATIONS}test_a_state_expires",
            f"{INSTALLING}test_a_code_is_good_once",
            f"{INSTALLING}test_a_workspace_that_is_not_listed_gets_nothing_and_keeps_nothing",
            f"{INSTALLING}test_an_answer_about_another_app_is_not_believed",
            f"{INSTALLING}test_under_a_foreign_name_there_is_no_page",
            f"{INSTALLING}test_another_site_cannot_press_the_button",
            f"{INSTALLING}test_a_no_is_told_and_what_slack_says_is_not_repeated",
            f"{INSTALLATIONS}test_states_nobody_comes_back_with_are_bounded_and_forgotten",
        )
    ),
    "SEC49": Case(
        (
            f"{INSTALLATIONS}test_nothing_of_a_token_is_in_the_database",
            f"{INSTALLATIONS}test_a_token_that_is_copied_into_another_row_is_refused",
            f"{INSTALLATIONS}test_without_the_key_no_token_is_read",
            f"{INSTALLATIONS}test_a_copied_database_without_its_key_tells_no_token",
            f"{INSTALLING}test_no_token_is_in_a_log_a_metric_or_the_list",
            f"{INSTALLING}test_two_workspaces_of_one_organisation_answer_each_with_its_own_token",
            f"{INSTALLING}test_a_late_event_of_an_earlier_end_does_not_end_the_new_install",
        )
    ),
    "SEC50": Case(
        (
            f"{HOME_TAB}test_a_guest_sees_nothing_of_ours",
            f"{HOME_TAB}test_somebody_of_another_company_sees_nothing_of_ours",
            f"{HOME_TAB}test_whoever_opens_it_finds_their_own_channels_and_no_others",
            f"{HOME_TAB}test_a_channel_of_others_cannot_be_turned_from_it",
            f"{HOME_TAB}test_a_value_that_was_never_written_is_not_believed",
            f"{HOME_TAB}test_whatever_people_wrote_the_limits_hold_and_nobody_is_rung",
            f"{HOME_TAB}test_the_console_is_opened_by_a_link_in_the_direct_chat_and_never_in_the_view",
        )
    ),
    "SEC51": Case(
        (
            "bot/platforms/slack/test_socket_inbound.py::test_what_is_of_another_app_is_acknowledged_and_not_taken",
            "bot/platforms/slack/test_socket_inbound.py::test_no_payload_makes_it_raise_and_each_is_acknowledged",
            "bot/platforms/slack/test_socket_mode.py::test_without_tls_no_socket_is_opened_beside_a_real_slack",
        )
    ),
    # Outgoing webhooks carry no signature and no id of a request: a token and the time of the post are all.
    "SEC52": Case(
        (
            f"{MATTERMOST}test_a_webhook_is_proved_by_its_own_token",
            f"{MATTERMOST}test_without_a_token_of_a_webhook_none_is_believed",
            f"{MATTERMOST}test_a_copied_webhook_does_not_stay_good",
            f"{MATTERMOST}test_a_webhook_without_a_time_is_refused",
            f"{MATTERMOST_HOOKS}test_what_bots_and_we_ourselves_post_asks_nothing",
        )
    ),
    "supply chain": Case(
        (
            "attacks/test_nothing_is_fetched.py::test_every_pinned_file_has_its_hash",
            "attacks/test_nothing_is_fetched.py::test_what_the_program_depends_on_is_in_the_lock",
            "attacks/test_nothing_is_fetched.py::test_what_is_installed_is_what_the_locks_pin",
            "attacks/test_nothing_is_fetched.py::test_the_build_runs_the_checks_and_the_audit",
            "attacks/test_nothing_is_fetched.py::test_every_exception_of_the_audit_has_a_reason_and_an_end",
            "attacks/test_nothing_is_fetched.py::test_a_search_with_the_bundled_model_asks_nobody",
            "attacks/test_nothing_is_fetched.py::test_the_bot_asks_nobody_but_what_its_configuration_names",
        ),
        "the audit asks a vulnerability database, which not every build reaches: `make audit` and a job of"
        " the workflow; where it is not reached, the audit fails and says so",
    ),
}
