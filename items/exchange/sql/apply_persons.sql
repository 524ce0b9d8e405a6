UPDATE users_user person
SET email = n_email, name = n_name, age = n_age, is_active = n_is_active
FROM {plan_person} plan
WHERE plan.outcome = 'update' AND person.id = plan.target_id AND jsonb_build_object(
    'email', person.email, 'name', person.name, 'age', person.age, 'is_active', person.is_active
) = plan.before
